import type { Batch } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import type { Collection } from '../mongo.js';
import { chunks } from '../chunks.js';
import { documentsAtOnce } from './copying.js';
import {
  cellId,
  entryIds,
  latest,
  parkedId,
  rowId,
  type CellDoc,
  type Placed,
  type ReadModelCollections,
  type Puts,
  type RowDoc,
} from './documents.js';
import { ordered } from './ordered-text.js';

/** A head that this process wrote or read last. */
export interface Owned {
  /** 0 when there is none yet. */
  rev: number;
  /** `rev` of its checkpoint counts the commits. The head's `rev` is also higher than what a dropped model left. */
  checkpointRev: number;
  indexed: boolean;
}

const rememberedMax = 50_000;

/** Computes from the stored documents what a batch puts in place. */
export class CommitPlanner {
  /** The documents in place, as their owner wrote them. Valid only while that owner's head is the current one. */
  private readonly remembered = new LRUCache<
    string,
    { readonly owner: Owned; readonly value: number | string | null }
  >({ max: rememberedMax });

  constructor(private readonly collections: ReadModelCollections) {}

  /** The documents after the batch. It changes nothing. What it reads is correct if the owner's head is still current. */
  async puts(owner: Owned, model: string, partition: number, batch: Batch): Promise<Puts> {
    const rows = [...batch.rows].map(([key, { row, indexes }]) => ({
      _id: rowId(model, key),
      body: row === null ? null : JSON.stringify(row),
      entries: row === null || Object.keys(indexes).length === 0 ? null : JSON.stringify(indexes),
    }));
    const keys = [...batch.rows.keys()];
    const before = owner.indexed ? await this.entriesOf(owner, rows) : new Map<string, string | null>();
    const entered: string[] = [];
    const left: string[] = [];
    for (const [n, { _id, entries }] of rows.entries()) {
      const old = before.get(_id) ?? null;
      if (old === entries) continue;
      const [was, is] = [entryIds(model, keys[n]!, old), entryIds(model, keys[n]!, entries)];
      for (const id of is) if (!was.has(id)) entered.push(id);
      for (const id of was) if (!is.has(id)) left.push(id);
    }
    return {
      rows,
      entered: entered.map((_id) => ({ _id })),
      left,
      cells: await this.cells(owner, model, partition, batch.cells),
      parked: [
        ...batch.unparked.map((offset) => ({
          _id: parkedId(model, partition, offset),
          key: null,
          body: null,
        })),
        ...batch.parked.map((record) => ({
          _id: parkedId(model, partition, record.offset),
          key: ordered(record.key),
          body: JSON.stringify(record),
        })),
      ],
    };
  }

  /** Call it when the puts are in place and the owner's head is the one that put them there. */
  remember(owner: Owned, { rows, cells }: Puts): void {
    if (owner.indexed)
      for (const { _id, entries } of rows) this.remembered.set(_id, { owner, value: entries });
    for (const { _id, n } of cells) this.remembered.set(_id, { owner, value: n });
  }

  private entriesOf(owner: Owned, rows: Puts['rows']): Promise<Map<string, string | null>> {
    const ids = rows.map(({ _id }) => _id);
    return this.values(owner, this.collections.rows, ids, (row: Pick<RowDoc, 'entries'>) => row.entries, {
      entries: 1,
    });
  }

  private async cells(
    owner: Owned,
    model: string,
    partition: number,
    changes: Batch['cells'],
  ): Promise<Puts['cells']> {
    const changed = [...changes].filter(([, change]) => change !== 0);
    const ids = changed.map(([cell]) => cellId(model, partition, cell));
    const before = await this.values(owner, this.collections.cells, ids, ({ n }: Pick<CellDoc, 'n'>) => n, {
      n: 1,
    });
    return changed.map(([cell, change], at) => {
      const _id = ids[at]!;
      const n = (before.get(_id) ?? 0) + change;
      if (!Number.isSafeInteger(n))
        throw new Error('a cell is not a whole number that can be stored exactly');
      return { _id, cell: ordered(cell), n };
    });
  }

  private async values<D extends Placed, V extends number | string | null>(
    owner: Owned,
    collection: Collection<D>,
    ids: readonly string[],
    valueOf: (doc: D) => V,
    projection: Readonly<Record<string, 1>>,
  ): Promise<Map<string, V>> {
    const values = new Map<string, V>();
    const unknown: string[] = [];
    for (const id of ids) {
      const known = this.remembered.get(id);
      if (known?.owner === owner) values.set(id, known.value as V);
      else unknown.push(id);
    }
    const placed = collection as unknown as Collection<Placed>;
    for (const some of chunks(unknown, documentsAtOnce)) {
      for await (const doc of placed.find({ _id: { $in: [...some] } }, { ...latest, projection })) {
        values.set(doc._id, valueOf(doc as D));
      }
    }
    return values;
  }
}

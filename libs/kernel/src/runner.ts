import type { Position } from './event.js';
import {
  modelId,
  type Cells,
  type EventTally,
  type Keyed,
  type Projection,
  type ReadModel,
  type Tally,
} from './projection.js';
import type { Checkpoint, Parked, ReadModels, RowChange } from './read-models.js';

/** What the runner must know of a record before it decodes it. */
export interface Delivered {
  readonly offset: number;
  readonly context: string;
  readonly position: Position;
  /** The context's position before it in this partition; absent where the source cannot have gaps. */
  readonly previous?: Position;
  readonly key: string;
  readonly type: string;
  readonly recordedAt: string;
}

/** The log skipped something of a context: reading goes back to the checkpoint, and halts when the gap stands. */
export class Gap extends Error {
  override readonly name = 'Gap';
}

/** Somebody else moved the checkpoint: what was read before is out of date. */
export class Stale extends Error {
  override readonly name = 'Stale';
}

/** Takes a partition's records in order and remembers how far it came: runners and reactions. */
export interface Taker<R extends Delivered, E> {
  /** Under which its checkpoint is stored. */
  readonly id: string;
  readonly on: ReadonlySet<string>;
  checkpoint(partition: number): Promise<Checkpoint>;
  take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void>;
}

/** The records after the checkpoint, without those whose position was seen; throws `Gap`. */
export function unseen<R extends Delivered>(
  checkpoint: Checkpoint,
  records: readonly R[],
): { readonly fresh: readonly R[]; readonly lanes: Record<string, Position> } {
  const lanes: Record<string, Position> = { ...checkpoint.lanes };
  const fresh: R[] = [];
  for (const record of records) {
    if (record.offset <= checkpoint.offset) continue;
    const seen = lanes[record.context] ?? 0;
    if (record.position <= seen) continue;
    if (record.previous !== undefined && record.previous !== seen) {
      throw new Gap(
        `${record.context}: after ${seen} came ${record.position}, which follows ${record.previous}`,
      );
    }
    lanes[record.context] = record.position;
    fresh.push(record);
  }
  return { fresh, lanes };
}

interface Held {
  row: object | null;
  /** Σ of the tallies' cells of `row`, once they were needed. */
  cells: Map<string, number> | null;
}

const noCells: Map<string, number> = new Map();
const parkedPage = 1000;

/** What a runner remembers of a partition: worth something only while nobody else commits there. */
interface Memory {
  checkpoint: Checkpoint;
  readonly parkedKeys: Set<string>;
  /** Rows, those used longest ago first. */
  readonly rows: Map<string, Held>;
}

interface Folded {
  readonly rows: ReadonlyMap<string, RowChange>;
  readonly cells: ReadonlyMap<string, number>;
  /** What to remember once it is committed. */
  readonly held: ReadonlyMap<string, Held>;
  readonly applied: number;
}

const nothing: Folded = { rows: new Map(), cells: new Map(), held: new Map(), applied: 0 };

/** A record, or a row it leads to, made a pure function throw. */
class Poison extends Error {}

function poisonous(fold: () => void): void {
  try {
    fold();
  } catch (error) {
    throw new Poison('a record cannot be applied', { cause: error });
  }
}

function parkedOf(record: Delivered, reason: string): Parked {
  const { key, offset, context, position, type } = record;
  return { key, offset, context, position, type, reason };
}

/**
 * Keeps one read model up to date: folds a batch per key, counts cells once per row and batch, and commits rows, counts
 * and checkpoint together. Records that cannot be applied are parked with their key's later ones; the rest goes on.
 */
export class Runner<R extends Delivered, E extends Keyed> implements Taker<R, E> {
  readonly id: string;
  readonly on: ReadonlySet<string>;
  private readonly projection: Projection<E, object> | null;
  private readonly tallies: readonly Tally<object>[];
  private readonly eventTally: EventTally<E> | null;
  private readonly memories = new Map<number, Memory>();

  constructor(
    model: ReadModel<E>,
    private readonly models: ReadModels,
    /** Rows kept in memory between batches, over all partitions; the least recently used go first. */
    private readonly heldRowsMax = 10_000,
  ) {
    this.projection = 'projection' in model ? model.projection : null;
    this.tallies = 'projection' in model ? (model.tallies ?? []) : [];
    this.eventTally = 'tally' in model ? model.tally : null;
    const of = this.projection ?? this.eventTally!;
    this.id = modelId(of);
    this.on = new Set(of.on);
  }

  async checkpoint(partition: number): Promise<Checkpoint> {
    return (await this.memory(partition)).checkpoint;
  }

  async take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void> {
    const memory = await this.memory(partition);
    const { checkpoint: from, parkedKeys } = memory;
    const last = records[records.length - 1];
    if (!last || last.offset <= from.offset) return;
    const { fresh, lanes } = unseen(from, records);

    let folded: Folded;
    let parked: Parked[] = [];
    try {
      folded = await this.fold(fresh, decode, memory);
    } catch (error) {
      if (!(error instanceof Poison)) throw error;
      if (records.length > 1) {
        // Something in here cannot be applied: by halves, what comes before it stays and what comes after it is judged.
        const middle = records.length >> 1;
        await this.take(partition, records.slice(0, middle), decode);
        await this.take(partition, records.slice(middle), decode);
        return;
      }
      folded = nothing;
      parked = [parkedOf(fresh[0]!, 'CANNOT_APPLY')];
    }
    for (const record of fresh)
      if (parkedKeys.has(record.key) && this.on.has(record.type))
        parked.push(parkedOf(record, 'BEHIND_PARKED'));

    const to: Checkpoint = {
      offset: last.offset,
      lanes,
      recordedAt: last.recordedAt,
      applied: from.applied + folded.applied,
      skipped: from.skipped + fresh.length - folded.applied - parked.length,
      parked: from.parked + parked.length,
    };
    const { rows, cells } = folded;
    const outcome = await this.commit(partition, { from: from.offset, to, rows, cells, parked });
    if (outcome === 'stale') {
      this.memories.delete(partition);
      throw new Stale(`${this.id}/${partition} is no longer at ${from.offset}`);
    }
    memory.checkpoint = to;
    for (const { key } of parked) parkedKeys.add(key);
    for (const [rowKey, after] of folded.held) memory.rows.set(rowKey, after);
    this.trim(memory);
  }

  /** Rows and counts after the records of keys that are not parked. Changes nothing; throws `Poison`. */
  private async fold(fresh: readonly R[], decode: (record: R) => E, memory: Memory): Promise<Folded> {
    const cells = new Map<string, number>();
    const byRow = new Map<string, E[]>();
    let applied = 0;
    for (const record of fresh) {
      if (!this.on.has(record.type) || memory.parkedKeys.has(record.key)) continue;
      poisonous(() => {
        const event = decode(record);
        if (this.eventTally) {
          add(cells, this.eventTally.cells(event), 1);
          applied++;
          return;
        }
        const rowKey = this.projection!.key(event);
        if (rowKey === null) return;
        applied++;
        const queue = byRow.get(rowKey);
        if (queue) queue.push(event);
        else byRow.set(rowKey, [event]);
      });
    }
    const rows = new Map<string, RowChange>();
    const held = new Map<string, Held>();
    if (byRow.size > 0) await this.hold(memory, [...byRow.keys()]);
    for (const [rowKey, events] of byRow) {
      const before = memory.rows.get(rowKey)!;
      poisonous(() => {
        let row = before.row;
        for (const event of events) row = this.projection!.apply(row, event);
        if (row === before.row) return;
        const after: Held = { row, cells: null };
        if (this.tallies.length > 0) {
          before.cells ??= this.cellsOf(before.row);
          after.cells = this.cellsOf(row);
          difference(cells, before.cells, after.cells);
        }
        rows.set(rowKey, { row, indexes: this.indexesOf(row) });
        held.set(rowKey, after);
      });
    }
    for (const [cell, n] of cells) if (n === 0) cells.delete(cell);
    return { rows, cells, held, applied };
  }

  private async commit(
    partition: number,
    batch: Parameters<ReadModels['commit']>[2],
  ): Promise<'committed' | 'stale'> {
    try {
      return await this.models.commit(this.id, partition, batch);
    } catch (error) {
      this.memories.delete(partition);
      throw error;
    }
  }

  private async memory(partition: number): Promise<Memory> {
    const known = this.memories.get(partition);
    if (known) return known;
    const checkpoint = await this.models.checkpoint(this.id, partition);
    const parkedKeys = new Set<string>();
    for (let after = 0; checkpoint.parked > 0;) {
      const page = await this.models.parked(this.id, partition, { after, limit: parkedPage });
      for (const entry of page) parkedKeys.add(entry.key);
      if (page.length < parkedPage) break;
      after = page[page.length - 1]!.offset;
    }
    const memory: Memory = { checkpoint, parkedKeys, rows: new Map() };
    this.memories.set(partition, memory);
    return memory;
  }

  /** Brings the rows into memory, the most recently used last. */
  private async hold({ rows }: Memory, keys: readonly string[]): Promise<void> {
    const missing: string[] = [];
    for (const key of keys) {
      const held = rows.get(key);
      if (!held) missing.push(key);
      else {
        rows.delete(key);
        rows.set(key, held);
      }
    }
    if (missing.length === 0) return;
    const found = await this.models.getMany<object>(this.id, missing);
    for (const key of missing) rows.set(key, { row: found.get(key) ?? null, cells: null });
  }

  private trim({ rows }: Memory): void {
    const max = this.heldRowsMax / this.models.partitions;
    for (const key of rows.keys()) {
      if (rows.size <= max) return;
      rows.delete(key);
    }
  }

  private cellsOf(row: object | null): Map<string, number> {
    if (row === null) return noCells;
    if (this.tallies.length === 1) return this.tallies[0]!.cells(row) as Map<string, number>;
    const sum = new Map<string, number>();
    for (const tally of this.tallies) add(sum, tally.cells(row), 1);
    return sum;
  }

  private indexesOf(row: object | null): RowChange['indexes'] {
    const indexes = this.projection!.indexes;
    if (!indexes || row === null) return {};
    return Object.fromEntries(Object.entries(indexes).map(([name, of]) => [name, of(row)]));
  }
}

function add(to: Map<string, number>, cells: Cells, times: number): void {
  for (const [cell, n] of cells) to.set(cell, (to.get(cell) ?? 0) + n * times);
}

function difference(to: Map<string, number>, before: Cells, after: Cells): void {
  for (const [cell, n] of after) {
    const change = n - (before.get(cell) ?? 0);
    if (change !== 0) to.set(cell, (to.get(cell) ?? 0) + change);
  }
  for (const [cell, n] of before) {
    if (!after.has(cell)) to.set(cell, (to.get(cell) ?? 0) - n);
  }
}

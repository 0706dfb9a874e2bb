import type { Position } from './event.js';
import { modelId, type Cells, type EventTally, type Keyed, type Projection, type ReadModel, type Tally } from './projection.js';
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
      throw new Gap(`${record.context}: after ${seen} came ${record.position}, which follows ${record.previous}`);
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
  private readonly checkpoints = new Map<number, Checkpoint>();
  private readonly parkedKeys = new Map<number, Set<string>>();
  private readonly held = new Map<string, Held>();

  constructor(
    model: ReadModel<E>,
    private readonly models: ReadModels,
    /** Rows kept in memory between batches; the least recently used go first. */
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
    let checkpoint = this.checkpoints.get(partition);
    if (!checkpoint) {
      checkpoint = await this.models.checkpoint(this.id, partition);
      this.checkpoints.set(partition, checkpoint);
    }
    return checkpoint;
  }

  async take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void> {
    const from = await this.checkpoint(partition);
    const last = records[records.length - 1];
    if (!last || last.offset <= from.offset) return;
    const { fresh, lanes } = unseen(from, records);
    const parkedKeys = await this.keysParked(partition, from);

    let folded: Folded;
    let parked: Parked[] = [];
    try {
      folded = await this.fold(fresh, decode, parkedKeys);
    } catch (error) {
      if (!(error instanceof Poison)) throw error;
      if (records.length > 1) {
        // Something in here cannot be applied: one by one, what comes before it stays and what comes after it is judged.
        for (const record of records) await this.take(partition, [record], decode);
        return;
      }
      folded = nothing;
      parked = [parkedOf(fresh[0]!, 'CANNOT_APPLY')];
    }
    for (const record of fresh) if (parkedKeys.has(record.key) && this.on.has(record.type)) parked.push(parkedOf(record, 'BEHIND_PARKED'));

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
      this.forget();
      throw new Stale(`${this.id}/${partition} is no longer at ${from.offset}`);
    }
    this.checkpoints.set(partition, to);
    for (const { key } of parked) parkedKeys.add(key);
    for (const [rowKey, after] of folded.held) this.held.set(rowKey, after);
    this.trim();
  }

  /** Rows and counts after the records of keys that are not parked. Changes nothing; throws `Poison`. */
  private async fold(fresh: readonly R[], decode: (record: R) => E, parkedKeys: ReadonlySet<string>): Promise<Folded> {
    const cells = new Map<string, number>();
    const byRow = new Map<string, E[]>();
    let applied = 0;
    for (const record of fresh) {
      if (!this.on.has(record.type) || parkedKeys.has(record.key)) continue;
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
    if (byRow.size > 0) await this.hold([...byRow.keys()]);
    for (const [rowKey, events] of byRow) {
      const before = this.held.get(rowKey)!;
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

  /** What is remembered is only worth something while nobody else commits. */
  private forget(): void {
    this.checkpoints.clear();
    this.parkedKeys.clear();
    this.held.clear();
  }

  private async commit(partition: number, batch: Parameters<ReadModels['commit']>[2]): Promise<'committed' | 'stale'> {
    try {
      return await this.models.commit(this.id, partition, batch);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  private async keysParked(partition: number, checkpoint: Checkpoint): Promise<Set<string>> {
    const known = this.parkedKeys.get(partition);
    if (known) return known;
    const keys = new Set<string>();
    let after: number | undefined;
    while (checkpoint.parked > 0) {
      const page = await this.models.parked(this.id, partition, {
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      });
      for (const entry of page) keys.add(entry.key);
      after = page[page.length - 1]?.offset;
      if (page.length < 1000) break;
    }
    this.parkedKeys.set(partition, keys);
    return keys;
  }

  /** Brings the rows into memory, those used longest ago leaving first. */
  private async hold(keys: readonly string[]): Promise<void> {
    const missing: string[] = [];
    for (const key of keys) {
      const held = this.held.get(key);
      if (!held) missing.push(key);
      else {
        this.held.delete(key);
        this.held.set(key, held);
      }
    }
    if (missing.length === 0) return;
    const found = await this.models.getMany<object>(this.id, missing);
    for (const key of missing) this.held.set(key, { row: found.get(key) ?? null, cells: null });
  }

  private trim(): void {
    for (const key of this.held.keys()) {
      if (this.held.size <= this.heldRowsMax) return;
      this.held.delete(key);
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

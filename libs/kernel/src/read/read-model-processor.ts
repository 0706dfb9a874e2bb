import type { Delivered } from './delivery.js';
import {
  modelId,
  type Cells,
  type EventTally,
  type Keyed,
  type Projection,
  type ReadModel,
  type Tally,
} from './projection.js';
import type { ReadModels, RowChange } from '../ports/read-models.js';
import { poisonous } from './poison.js';
import { Processor, type Changes, type EventHandler } from './processor.js';

interface Held {
  row: object | null;
  /** Σ of the tallies' cells of `row`; `null` until they are needed. */
  cells: Map<string, number> | null;
}

const noCells: Map<string, number> = new Map();
const notRead: Held = { row: null, cells: null };
const noneHeld: ReadonlyMap<string, Held> = new Map();

interface Folded extends Changes {
  /** What to remember once the changes are committed. */
  readonly held: ReadonlyMap<string, Held>;
}

/**
 * Keeps one read model up to date. Folds a batch per key, counts cells once per row and batch, and commits rows, counts
 * and checkpoint together.
 *
 * @param heldRowsMax rows kept in memory between batches, over all partitions; the least recently used are dropped
 * first
 */
export function readModelProcessor<R extends Delivered, E extends Keyed>(
  model: ReadModel<E>,
  models: ReadModels,
  heldRowsMax = 10_000,
): Processor<R, E> {
  const of = 'projection' in model ? model.projection : model.tally;
  const id = modelId(of);
  const handler =
    'projection' in model
      ? new RowFold<E>(id, model.projection, model.tallies ?? [], models, heldRowsMax)
      : counting(model.tally);
  return new Processor(id, new Set(of.on), models, handler);
}

/** Handler for counts alone, which remembers nothing. */
function counting<E extends Keyed>(tally: EventTally<E>): EventHandler<E> {
  return {
    async apply(_partition, events) {
      const cells = new Map<string, number>();
      for (const event of events) poisonous(() => add(cells, tally.cells(event), 1));
      dropZeros(cells);
      return { rows: new Map(), cells, applied: events.length };
    },
    committed: () => {},
    forget: () => {},
  };
}

/** Handler for rows and the counts of their tallies. Recently used rows are kept in memory. */
class RowFold<E extends Keyed> implements EventHandler<E> {
  /** Rows per partition, the least recently used first. */
  private readonly held = new Map<number, Map<string, Held>>();

  constructor(
    private readonly id: string,
    private readonly projection: Projection<E, object>,
    private readonly tallies: readonly Tally<object>[],
    private readonly models: ReadModels,
    private readonly heldRowsMax: number,
  ) {
    if (projection.overwrites && tallies.length > 0)
      throw new Error(`${id} counts rows that it does not read`);
  }

  async apply(partition: number, events: readonly E[]): Promise<Folded> {
    const byRow = new Map<string, E[]>();
    let applied = 0;
    for (const event of events) {
      const rowKey = poisonous(() => this.projection.key(event));
      if (rowKey === null) continue;
      applied++;
      const queue = byRow.get(rowKey);
      if (queue) queue.push(event);
      else byRow.set(rowKey, [event]);
    }
    const cells = new Map<string, number>();
    const rows = new Map<string, RowChange>();
    const held = new Map<string, Held>();
    const known = this.projection.overwrites ? noneHeld : await this.hold(partition, [...byRow.keys()]);
    // Counts are many times as large as their row, so they are kept only for rows that stay in memory.
    let forgotten = byRow.size - this.heldRowsMax / this.models.partitions;
    for (const [rowKey, ofRow] of byRow) {
      const before = known.get(rowKey) ?? notRead;
      const isKept = forgotten-- <= 0;
      poisonous(() => {
        let row = before.row;
        for (const event of ofRow) row = this.projection.apply(row, event);
        if (row === before.row) return;
        const after: Held = { row, cells: null };
        if (this.tallies.length > 0) {
          const counted = this.cellsOf(row);
          difference(cells, before.cells ?? this.cellsOf(before.row), counted);
          if (isKept) after.cells = counted;
        }
        rows.set(rowKey, { row, indexes: this.indexesOf(row) });
        if (!this.projection.overwrites) held.set(rowKey, after);
      });
    }
    dropZeros(cells);
    return { rows, cells, held, applied };
  }

  committed(partition: number, changes: Changes): void {
    const rows = this.held.get(partition);
    if (!rows || !('held' in changes)) return;
    for (const [rowKey, after] of (changes as Folded).held) rows.set(rowKey, after);
    const max = this.heldRowsMax / this.models.partitions;
    for (const key of rows.keys()) {
      if (rows.size <= max) return;
      rows.delete(key);
    }
  }

  forget(partition: number): void {
    this.held.delete(partition);
  }

  /** The partition's rows with these included, the most recently used last. */
  private async hold(partition: number, keys: readonly string[]): Promise<ReadonlyMap<string, Held>> {
    let rows = this.held.get(partition);
    if (!rows) this.held.set(partition, (rows = new Map()));
    const missing: string[] = [];
    for (const key of keys) {
      const held = rows.get(key);
      if (!held) missing.push(key);
      else {
        rows.delete(key);
        rows.set(key, held);
      }
    }
    if (missing.length === 0) return rows;
    const found = await this.models.getMany<object>(this.id, missing);
    for (const key of missing) rows.set(key, { row: found.get(key) ?? null, cells: null });
    return rows;
  }

  private cellsOf(row: object | null): Map<string, number> {
    if (row === null) return noCells;
    if (this.tallies.length === 1) return this.tallies[0]!.cells(row) as Map<string, number>;
    const sum = new Map<string, number>();
    for (const tally of this.tallies) add(sum, tally.cells(row), 1);
    return sum;
  }

  private indexesOf(row: object | null): RowChange['indexes'] {
    const indexes = this.projection.indexes;
    if (!indexes || row === null) return {};
    return Object.fromEntries(Object.entries(indexes).map(([name, of]) => [name, of(row)]));
  }
}

function dropZeros(cells: Map<string, number>): void {
  for (const [cell, n] of cells) if (n === 0) cells.delete(cell);
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

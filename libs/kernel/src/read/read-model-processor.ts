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
import { addDifference, counted, countedNothing, KeptCounts, type Counted } from './kept-counts.js';
import { poisonous } from './poison.js';
import { Processor, type Changes, type EventHandler } from './processor.js';

/** Cells that a model remembers, over all partitions: 4 MB at most. A reader of ten years has some hundreds. */
const keptCellsMax = 250_000;
const noneHeld: ReadonlyMap<string, object | null> = new Map();

/** What is remembered of a partition between batches. */
interface Remembered {
  /** The least recently used first. */
  readonly rows: Map<string, object | null>;
  readonly counts: KeptCounts;
}

interface Folded extends Changes {
  /** What to remember once the changes are committed. */
  readonly after: ReadonlyMap<string, object | null>;
  /** What some of these rows count. */
  readonly counts: ReadonlyMap<string, Counted>;
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
      for (const event of events) poisonous(() => add(cells, tally.cells(event)));
      dropZeros(cells);
      return { rows: new Map(), cells, applied: events.length };
    },
    committed: () => {},
    forget: () => {},
  };
}

/** Handler for rows and the counts of their tallies. Recently used rows are kept in memory. */
class RowFold<E extends Keyed> implements EventHandler<E> {
  private readonly remembered = new Map<number, Remembered>();

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
    const after = new Map<string, object | null>();
    const counts = new Map<string, Counted>();
    const known = this.projection.overwrites ? noneHeld : await this.hold(partition, [...byRow.keys()]);
    const kept = this.remembered.get(partition)?.counts;
    let room = keptCellsMax / this.models.partitions;
    for (const [rowKey, ofRow] of byRow) {
      const before = known.get(rowKey) ?? null;
      poisonous(() => {
        let row = before;
        for (const event of ofRow) row = this.projection.apply(row, event);
        if (row === before) return;
        if (this.tallies.length > 0) {
          const now = this.countedOf(row);
          addDifference(cells, kept?.get(rowKey) ?? this.countedOf(before), now);
          room -= now.names.length;
          if (room >= 0) counts.set(rowKey, now);
        }
        rows.set(rowKey, { row, indexes: this.indexesOf(row) });
        if (!this.projection.overwrites) after.set(rowKey, row);
      });
    }
    dropZeros(cells);
    return { rows, cells, after, counts, applied };
  }

  committed(partition: number, changes: Changes): void {
    const known = this.remembered.get(partition);
    if (!known || !('after' in changes)) return;
    const { rows, counts } = known;
    const { after, counts: now } = changes as Folded;
    for (const [rowKey, row] of after) {
      rows.set(rowKey, row);
      const counted = now.get(rowKey);
      if (counted) counts.set(rowKey, counted);
      else counts.delete(rowKey);
    }
    const max = this.heldRowsMax / this.models.partitions;
    for (const key of rows.keys()) {
      if (rows.size <= max) return;
      rows.delete(key);
      counts.delete(key);
    }
  }

  forget(partition: number): void {
    this.remembered.delete(partition);
  }

  /** The partition's rows with these included, the most recently used last. */
  private async hold(
    partition: number,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, object | null>> {
    let known = this.remembered.get(partition);
    if (!known) {
      known = { rows: new Map(), counts: new KeptCounts(keptCellsMax / this.models.partitions) };
      this.remembered.set(partition, known);
    }
    const { rows } = known;
    const missing: string[] = [];
    for (const key of keys) {
      const row = rows.get(key);
      if (row === undefined) missing.push(key);
      else {
        rows.delete(key);
        rows.set(key, row);
      }
    }
    if (missing.length === 0) return rows;
    const found = await this.models.getMany<object>(this.id, missing);
    for (const key of missing) rows.set(key, found.get(key) ?? null);
    return rows;
  }

  private countedOf(row: object | null): Counted {
    return row === null ? countedNothing : counted(this.tallies.map((tally) => tally.cells(row)));
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

function add(to: Map<string, number>, cells: Cells): void {
  for (const [cell, n] of cells) to.set(cell, (to.get(cell) ?? 0) + n);
}

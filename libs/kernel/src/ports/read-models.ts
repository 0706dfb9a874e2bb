import type { Position } from '../event.js';
import type { LogRecord } from './event-log.js';

/** How far a read model has come in a partition, and how many records it applied, skipped and parked. */
export interface Checkpoint {
  /**
   * Number of commits of the model's partition. Every commit raises it by one, including one that only parks, unparks
   * or replays and leaves the offset where it is. It is the fence against a second owner; the offset is not.
   */
  readonly rev: number;
  /** The last offset (of the log) or position (of the context's own events) that was taken; 0 when nothing was. */
  readonly offset: number;
  /** The last position seen of each context. It drops duplicates, shows gaps and answers `?after=`. */
  readonly lanes: Readonly<Record<string, Position>>;
  /** When the last record taken was recorded; empty before the first. */
  readonly recordedAt: string;
  readonly applied: number;
  readonly skipped: number;
  readonly parked: number;
}

export const start: Checkpoint = {
  rev: 0,
  offset: 0,
  lanes: {},
  recordedAt: '',
  applied: 0,
  skipped: 0,
  parked: 0,
};

export interface RowChange {
  /** The row to store; `null` deletes it. */
  readonly row: object | null;
  /** The values under which the row can be found, per declared index. */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
}

/** A record that could not be applied, or that waits behind one of the same key. */
export interface Parked {
  readonly key: string;
  readonly offset: number;
  readonly context: string;
  readonly position: Position;
  readonly type: string;
  /** A stable code. It never quotes the record. */
  readonly reason: string;
  /** A published record, to be applied later. A context's own event is not copied: it is read again from the store. */
  readonly record?: LogRecord;
}

/**
 * The most parked records of one model in a partition. With more, the partition halts, because parking does not solve
 * the problem.
 */
export const parkedMax = 10_000;

export interface Batch {
  /** `rev` of the checkpoint that this batch was made from. The commit stores `from + 1`. */
  readonly from: number;
  readonly to: Omit<Checkpoint, 'rev'>;
  readonly rows: ReadonlyMap<string, RowChange>;
  /** Changes that are added to the cells. */
  readonly cells: ReadonlyMap<string, number>;
  readonly parked: readonly Parked[];
  /** Offsets of records that are no longer parked. */
  readonly unparked: readonly number[];
}

export interface Page<Row> {
  readonly rows: readonly { readonly key: string; readonly row: Row }[];
  /** Pass it as `after` to get the next page; `null` at the end. */
  readonly next: string | null;
}

/** Which values of an index are looked for: one, those that begin with a prefix, or those at least `from` and below `to`. */
export type IndexValues =
  { readonly value: string } | { readonly prefix: string } | { readonly from: string; readonly to: string };

/** A page of a list: the first, or the one after a cursor of the same list in the same direction. */
export interface ListPage {
  readonly after?: string;
  readonly limit: number;
  /** From the last to the first: the same list backwards. */
  readonly descending?: boolean;
}

/** Cells whose name is at least `from` and below `to`, in code-unit order. */
export interface CellRange {
  readonly from: string;
  readonly to: string;
}

/** The most ranges of one read of cells. */
export const cellRangesMax = 500;

/** Throws `RangeError` unless there are 1 to `cellRangesMax` ranges. */
export function checkRanges(ranges: readonly CellRange[]): void {
  if (ranges.length < 1 || ranges.length > cellRangesMax) {
    throw new RangeError(`A read of cells takes 1 to ${cellRangesMax} ranges; ${ranges.length} were given.`);
  }
}

/** What one partition adds to a cell. */
export interface CellShare {
  readonly cell: string;
  readonly partition: number;
  readonly n: number;
}

/**
 * Rows and counts of one context, per model (`modelId`) and partition. A key's rows lie in the key's partition.
 *
 * - `commit` stores everything or nothing: rows, cells, parked records and checkpoint together, durable when it
 *   resolves. It resolves to `stale`, and stores nothing, when the checkpoint's `rev` is no longer `from`. A batch that
 *   cannot be stored as one is refused with `BATCH_TOO_LARGE`.
 * - Every later read sees what `commit` stored.
 * - Cells are sums over the partitions. A cell that reached 0 may be absent.
 * - Lists are in key order (`under`) or value order (`find`), of one value by key; `descending` gives the same list
 *   backwards, and its first page costs no more. They end, and never skip or repeat a row that did not change between
 *   pages.
 */
export abstract class ReadModels {
  abstract readonly partitions: number;

  abstract checkpoint(model: string, partition: number): Promise<Checkpoint>;

  /** The checkpoints of all partitions, by partition, in one read of the store. */
  abstract checkpoints(model: string): Promise<readonly Checkpoint[]>;

  abstract get<Row extends object>(model: string, key: string): Promise<Row | null>;

  /** Rows by key. Keys without a row are absent. */
  abstract getMany<Row extends object>(
    model: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Row>>;

  /**
   * Rows that have one of these values in a declared index. Each row comes once, at the first of them, in value order.
   * The bounds of a range have no characters from U+D800 on after what both begin with.
   */
  abstract find<Row extends object>(
    model: string,
    index: string,
    by: IndexValues,
    page: ListPage,
  ): Promise<Page<Row>>;

  /** Item rows `<key>/…` of a key, in key order. */
  abstract under<Row extends object>(model: string, key: string, page: ListPage): Promise<Page<Row>>;

  /** All rows of a model, in a stable order. */
  abstract all<Row extends object>(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>>;

  /**
   * The cells of a model that lie in one of the ranges or in several, in one read of the store. Rejects with
   * `RangeError` unless there are 1 to `cellRangesMax` ranges.
   */
  abstract cells(model: string, ranges: readonly CellRange[]): Promise<ReadonlyMap<string, number>>;

  /** The non-zero amounts that each partition adds to the cells of a model, in a stable order. */
  abstract shares(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly shares: readonly CellShare[]; readonly next: string | null }>;

  abstract commit(model: string, partition: number, batch: Batch): Promise<'committed' | 'stale'>;

  /** Parked records of a partition after an offset, of one key or of all keys, in order. */
  abstract parked(
    model: string,
    partition: number,
    page: { readonly after?: number; readonly limit: number; readonly key?: string },
  ): Promise<readonly Parked[]>;

  /** Deletes a model: rows, cells, parked records and checkpoints. After a crash it can be called again. */
  abstract drop(model: string): Promise<void>;

  /** Names of the models that have a checkpoint. */
  abstract models(): Promise<readonly string[]>;
}

import type { Position } from '../event.js';
import type { LogRecord } from './event-log.js';

/** How far a read model has come in a partition, and what it did with what it met. */
export interface Checkpoint {
  /**
   * How often the model's partition was committed. Every commit raises it by one, also one that only parks, unparks or
   * replays and so leaves the offset where it is: the offset is no fence.
   */
  readonly rev: number;
  /** The last offset (of the log) or position (of the context's own events) that was taken. 0: nothing yet. */
  readonly offset: number;
  /** Per context, the last position seen: what drops duplicates, shows gaps and answers `?after=`. */
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
  /** The row as it is to be stored, or `null`: deleted. */
  readonly row: object | null;
  /** Per declared index, the values under which it is to be found from now on. */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
}

/** A record that could not be applied, or that waits behind one of the same key. */
export interface Parked {
  readonly key: string;
  readonly offset: number;
  readonly context: string;
  readonly position: Position;
  readonly type: string;
  /** A stable code, never the record's content. */
  readonly reason: string;
  /** A published record, to be applied later. A context's own event is not copied: it is read again from its store. */
  readonly record?: LogRecord;
}

/** Parked records of a partition that one model may hold; with more, something is wrong that parking does not cure. */
export const parkedMax = 10_000;

export interface Batch {
  /** `rev` of the checkpoint that this batch was made from. The commit gives the next one, `from + 1`. */
  readonly from: number;
  readonly to: Omit<Checkpoint, 'rev'>;
  readonly rows: ReadonlyMap<string, RowChange>;
  /** Added to the cells as they are. */
  readonly cells: ReadonlyMap<string, number>;
  readonly parked: readonly Parked[];
  /** Offsets of parked records that are parked no more. */
  readonly unparked: readonly number[];
}

export interface Page<Row> {
  readonly rows: readonly { readonly key: string; readonly row: Row }[];
  /** Give it as `after` to go on; `null` at the end. */
  readonly next: string | null;
}

/** What one partition adds to a cell. */
export interface CellShare {
  readonly cell: string;
  readonly partition: number;
  readonly n: number;
}

/**
 * Rows and counts of one context, per model (`modelId`) and partition; a key's rows lie in the key's partition.
 *
 * - `commit` is all or nothing: rows, cells, parked records and checkpoint together, durable when it resolves, or
 *   `stale` when the checkpoint's `rev` is no longer `from`. What cannot be stored as one is refused with `BATCH_TOO_LARGE`.
 * - What `commit` stored is seen by every later read.
 * - Cells are sums over the partitions; a cell that reached 0 may be absent.
 * - Lists are in key order (`under`) or value order (`find`), never skip or repeat a row that did not change between
 *   pages, and end.
 */
export abstract class ReadModels {
  abstract readonly partitions: number;

  abstract checkpoint(model: string, partition: number): Promise<Checkpoint>;

  abstract get<Row extends object>(model: string, key: string): Promise<Row | null>;

  /** Rows by key; keys without a row are absent. */
  abstract getMany<Row extends object>(
    model: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Row>>;

  /** Rows one of whose values in a declared index begins with `prefix` (or is `value`), each once, in value order. */
  abstract find<Row extends object>(
    model: string,
    index: string,
    by: { readonly prefix: string } | { readonly value: string },
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>>;

  /** Item rows `<key>/…` of a key, in key order. */
  abstract under<Row extends object>(
    model: string,
    key: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>>;

  /** All rows of a model, in no particular but a stable order. */
  abstract all<Row extends object>(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>>;

  /** Cells whose name is at least `from` and below `to` in code-unit order. */
  abstract cells(model: string, from: string, to: string): Promise<ReadonlyMap<string, number>>;

  /** What each partition adds to the cells of a model, without zeros, in no particular but a stable order. */
  abstract shares(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly shares: readonly CellShare[]; readonly next: string | null }>;

  abstract commit(model: string, partition: number, batch: Batch): Promise<'committed' | 'stale'>;

  /** Parked records of a partition after an offset, of one key or of all, in order. */
  abstract parked(
    model: string,
    partition: number,
    page: { readonly after?: number; readonly limit: number; readonly key?: string },
  ): Promise<readonly Parked[]>;

  /** Forgets a model: rows, cells, parked records and checkpoints. Ends also when called again after a crash. */
  abstract drop(model: string): Promise<void>;

  /** Names of the models that have a checkpoint. */
  abstract models(): Promise<readonly string[]>;
}

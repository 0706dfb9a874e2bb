/** Anything with a type and a key can be projected: published facts and a context's own stored events. */
export interface Keyed {
  readonly type: string;
  readonly key: string;
}

/**
 * Rows folded from events. Pure. One event touches one row, and the row's key is the event's key, or that key followed
 * by one item id (`<key>/<item>`). Facts of different streams about one key must commute.
 */
export interface Projection<E extends Keyed, Row extends object> {
  readonly name: string;
  /** Raised whenever the same events would give other rows; may carry the version of what it is built from. */
  readonly version: number | string;
  readonly on: readonly E['type'][];
  /** The row's key, or `null`: not for this projection. */
  key(event: E): string | null;
  /** The row after the event; `null` deletes. The same row returned says that nothing changed. */
  apply(row: Row | null, event: E): Row | null;
  /** Values by which rows can be found, per declared index. */
  readonly indexes?: Readonly<Record<string, (row: Row) => readonly string[]>>;
}

/** Counts by name; a cell that is absent counts 0. Integers only. */
export type Cells = ReadonlyMap<string, number>;

/** Counts kept in step with rows: at any time tally = Σ cells(row). Pure. Cell names are unique within the projection. */
export interface Tally<Row extends object> {
  readonly name: string;
  cells(row: Row): Cells;
}

/** Counts of events that carry what they undo; keeps no rows. Pure. */
export interface EventTally<E extends Keyed> {
  readonly name: string;
  readonly version: number | string;
  readonly on: readonly E['type'][];
  cells(event: E): Cells;
}

/** What a processor keeps up to date: rows with the tallies counted from them, or counts alone. */
export type ReadModel<E extends Keyed> =
  | { readonly projection: Projection<E, any>; readonly tallies?: readonly Tally<any>[] }
  | { readonly tally: EventTally<E> };

/** The name under which rows, cells and checkpoints of one version are stored. */
export function modelId(of: { readonly name: string; readonly version: number | string }): string {
  return `${of.name}.v${of.version}`;
}

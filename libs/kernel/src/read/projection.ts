/** What can be projected: published facts and a context's own stored events. */
export interface Keyed {
  readonly type: string;
  readonly key: string;
}

/**
 * Rows folded from events. Pure. One event changes one row, whose key is the event's key, or that key followed by one
 * item id (`<key>/<item>`). Facts of different streams about one key must commute.
 */
export interface Projection<E extends Keyed, Row extends object> {
  readonly name: string;
  /** Raise it whenever the same events would give other rows. It may contain the version of the projection's input. */
  readonly version: number | string;
  readonly on: readonly E['type'][];
  /** The row's key; `null` when the projection ignores the event. */
  key(event: E): string | null;
  /** The row after the event. `null` deletes it; the same row means no change. */
  apply(row: Row | null, event: E): Row | null;
  /** `apply` gives the same row whatever the row before: none is read, and none may be counted by a tally. */
  readonly overwrites?: true;
  /** The values under which rows can be found, per declared index. */
  readonly indexes?: Readonly<Record<string, (row: Row) => readonly string[]>>;
}

/** Integer counts by name. An absent cell counts 0. */
export type Cells = ReadonlyMap<string, number>;

/** Counts that follow rows: at any time tally = Σ cells(row). Pure. Cell names are unique within the projection. */
export interface Tally<Row extends object> {
  readonly name: string;
  cells(row: Row): Cells;
}

/** Counts of events that carry what they undo. It keeps no rows. Pure. */
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

/** The name under which the rows, cells and checkpoints of one version are stored. */
export function modelId(of: { readonly name: string; readonly version: number | string }): string {
  return `${of.name}.v${of.version}`;
}

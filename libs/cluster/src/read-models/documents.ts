import type { Checkpoint } from '@readership/kernel';
import type { Collection, Database, Doc } from '../mongo.js';
import { ordered, separator } from './ordered-text.js';

/** A document that is copied into place. Only one with a higher revision of its partition's head overwrites it. */
export interface Placed extends Doc {
  rev: number;
}

/** `<model> <key>`. A deleted row stays as a tombstone, so that an older revision cannot restore it. */
export interface RowDoc extends Placed {
  /** JSON; `null` when the row is deleted. */
  body: string | null;
  /** JSON of the values of its indexes; `null` when it has none. */
  entries: string | null;
}

/**
 * `<model> <index> <value><separator><key>`, which is the order of a list. It only leads to a row, and the row decides
 * whether it is listed there. So it needs no tombstone, and a removed value is removed from the disk.
 */
export type EntryDoc = Placed;

/** `<model> <cell><separator><partition>`: one range holds the cells of all partitions. */
export interface CellDoc extends Placed {
  cell: string;
  n: number;
}

/** `<model> <partition> <offset>`. A record that is no longer parked stays as a tombstone, like a deleted row. */
export interface ParkedDoc extends Placed {
  /** Key of the record, in a form that all servers can compare; `null` when it is no longer parked. */
  key: string | null;
  body: string | null;
}

type Put<D extends Placed> = Omit<D, 'rev'>;

/** What a commit puts in place: whole documents, never changes to them. */
export interface Puts {
  readonly rows: Put<RowDoc>[];
  readonly entered: Put<EntryDoc>[];
  readonly left: string[];
  readonly cells: Put<CellDoc>[];
  readonly parked: Put<ParkedDoc>[];
}

/** `<model> <partition>`: the last commit, and whether all of it is in place. */
export interface HeadDoc extends Doc {
  rev: number;
  checkpoint: Checkpoint;
  copied: boolean;
  /** True when a row of the model could ever be found by an index. */
  indexed: boolean;
  /** `null` once it is copied, so that an idle head is small. */
  puts: Puts | null;
}

export interface ReadModelCollections {
  readonly heads: Collection<HeadDoc>;
  readonly rows: Collection<RowDoc>;
  readonly entries: Collection<EntryDoc>;
  readonly cells: Collection<CellDoc>;
  readonly parked: Collection<ParkedDoc>;
}

/** Everything is read by ranges of `_id`, so no other index is needed. */
export function collectionsIn(database: Database): ReadModelCollections {
  return {
    heads: database.collection('model_heads'),
    rows: database.collection('model_rows'),
    entries: database.collection('model_entries'),
    cells: database.collection('model_cells'),
    parked: database.collection('model_parked'),
  };
}

/**
 * The collections are read with local concern, as the primary has them. A majority read may lag right after an
 * election, and a commit computed from old values would stand. A local read may show a value too early, which does no
 * harm: its head is newer than the one that the commit replaces, so the commit fails.
 */
export const latest = { readConcern: { level: 'local' } } as const;

const offsetDigits = 16;

/** Names are parts of ids, where a space ends them. */
function word(name: string): string {
  if (name === '' || name.includes(' ')) throw new Error('a model or an index needs a name without spaces');
  return name;
}

/** The prefix of a model's ids. */
export const scopeOf = (model: string): string => `${word(model)} `;

/** The range of a model's ids: they begin with its name and a space, which '!' follows. */
export const allOf = (model: string) => ({ $gt: scopeOf(model), $lt: `${word(model)}!` });

export const headId = (model: string, partition: number): string => `${scopeOf(model)}${partition}`;

export const rowId = (model: string, key: string): string => `${scopeOf(model)}${ordered(key)}`;

export const cellId = (model: string, partition: number, cell: string): string =>
  `${scopeOf(model)}${ordered(cell)}${separator}${partition}`;

export const parkedId = (model: string, partition: number, offset: number): string =>
  `${headId(model, partition)} ${String(offset).padStart(offsetDigits, '0')}`;

/** The prefix of the ids of an index's entries. */
export const indexScope = (model: string, index: string): string => `${scopeOf(model)}${word(index)} `;

/** The ids of all entries of a row, given its `entries`. */
export function entryIds(model: string, key: string, entries: string | null): Set<string> {
  const ids = new Set<string>();
  if (entries === null) return ids;
  const end = `${separator}${ordered(key)}`;
  for (const [index, values] of Object.entries(valuesOf(entries))) {
    const scope = indexScope(model, index);
    for (const value of values) ids.add(`${scope}${ordered(value)}${end}`);
  }
  return ids;
}

export function valuesOf(entries: string): Readonly<Record<string, readonly string[]>> {
  return JSON.parse(entries) as Record<string, readonly string[]>;
}

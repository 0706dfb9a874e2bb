import type { Checkpoint } from '@readership/kernel';
import type { Collection, Database, Doc } from '../mongo.js';
import { ordered, separator } from './ordered-text.js';

/** Whatever is copied into place: overwritten only by what carries a higher revision of its partition's head. */
export interface Placed extends Doc {
  rev: number;
}

/** `<model> <key>`. A deleted row stays as a tombstone, so that an older revision cannot bring it back. */
export interface RowDoc extends Placed {
  /** JSON, or `null`: deleted. */
  body: string | null;
  /** JSON of the values of its indexes; `null`: none. */
  entries: string | null;
}

/**
 * `<model> <index> <value><separator><key>`, which is the order of a list. It only leads to a row, and the row decides
 * whether it stands there: so it needs no tombstone, and a value that is gone is gone from the disk.
 */
export type EntryDoc = Placed;

/** `<model> <cell><separator><partition>`: one range holds the cells of all partitions. */
export interface CellDoc extends Placed {
  cell: string;
  n: number;
}

/** `<model> <partition> <offset>`. What is parked no more stays as a tombstone, as a deleted row does. */
export interface ParkedDoc extends Placed {
  /** Of the record; in a form that all servers can compare. `null`: parked no more. */
  key: string | null;
  body: string | null;
}

type Put<D extends Placed> = Omit<D, 'rev'>;

/** What a commit puts in place: documents as they are to be, never changes to them. */
export interface Puts {
  readonly rows: Put<RowDoc>[];
  readonly entered: Put<EntryDoc>[];
  readonly left: string[];
  readonly cells: Put<CellDoc>[];
  readonly parked: Put<ParkedDoc>[];
}

/** `<model> <partition>`: what was committed last, and whether all of it is in place. */
export interface HeadDoc extends Doc {
  rev: number;
  checkpoint: Checkpoint;
  copied: boolean;
  /** Whether a row of the model was ever to be found by an index. */
  indexed: boolean;
  /** `null` once it is copied, so that the head is small when nothing happens. */
  puts: Puts | null;
}

export interface ReadModelCollections {
  readonly heads: Collection<HeadDoc>;
  readonly rows: Collection<RowDoc>;
  readonly entries: Collection<EntryDoc>;
  readonly cells: Collection<CellDoc>;
  readonly parked: Collection<ParkedDoc>;
}

/** Everything is read by ranges of `_id`: no other index is needed. */
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
 * ReadModelCollections are read as the primary has them. A majority read may lag behind right after an election, and a commit worked
 * out from old values would stand; what a local read may show too early misleads nobody, because the head it was written
 * under is newer than the one that a commit worked out from it replaces.
 */
export const latest = { readConcern: { level: 'local' } } as const;

const offsetDigits = 16;

/** Names are parts of ids, and a space ends them there. */
function word(name: string): string {
  if (name === '' || name.includes(' ')) throw new Error('a model or an index needs a name without spaces');
  return name;
}

/** Ids of a model begin with it. */
export const scopeOf = (model: string): string => `${word(model)} `;

/** The ids of a model: those that begin with its name and a space, which '!' follows. */
export const allOf = (model: string) => ({ $gt: scopeOf(model), $lt: `${word(model)}!` });

export const headId = (model: string, partition: number): string => `${scopeOf(model)}${partition}`;

export const rowId = (model: string, key: string): string => `${scopeOf(model)}${ordered(key)}`;

export const cellId = (model: string, partition: number, cell: string): string =>
  `${scopeOf(model)}${ordered(cell)}${separator}${partition}`;

export const parkedId = (model: string, partition: number, offset: number): string =>
  `${headId(model, partition)} ${String(offset).padStart(offsetDigits, '0')}`;

/** Ids of an index's entries begin with it. */
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

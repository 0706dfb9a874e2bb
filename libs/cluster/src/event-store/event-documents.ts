import type { Mark, Position } from '@readership/kernel';
import type { Collection, Database } from '../mongo.js';

/** The events of a commit in one partition. */
export interface PartDoc {
  readonly partition: number;
  /** Version of its first event. */
  readonly version: number;
  readonly count: number;
  readonly facts: number;
  /** Index of the last event that publishes a fact; −1 when none does. */
  readonly lastFact: number;
  /** Number of the commit that holds this stream's previous events of the partition; 0 when none does. */
  readonly after: number;
  /** Size of the body. */
  readonly bytes: number;
  readonly body: string;
}

/** One commit. Its insert is the concurrency check and makes the commit atomic. Only `pending` and `positions` change. */
export type CommitDoc = {
  /** `<stream>:<no>` */
  _id: string;
  readonly stream: string;
  /** Number of the commit in its stream: 1, 2, 3, … without gaps. */
  readonly no: number;
  /** Versions of its first and last event. */
  readonly first: number;
  readonly last: number;
  readonly command: string;
  readonly recordedAt: string;
  readonly actor: string;
  /** Later than that of the stream's commit before. It makes the order fair between streams. */
  readonly queuedAt: number;
  /** Partitions in which it has no position yet. */
  readonly pending: readonly number[];
  /** Position of its first event in each partition that has placed it. */
  readonly positions: Readonly<Record<string, Position>>;
  /** `[partition, no]`: the commits with the stream's last events in the partitions that this commit does not touch. */
  readonly past: readonly (readonly [number, number])[];
  readonly parts: readonly PartDoc[];
};

/** A commit without the text of its events, which `outline` leaves out. */
export type CommitOutline = Omit<CommitDoc, 'parts'> & { readonly parts: readonly Omit<PartDoc, 'body'>[] };

export const outline = { 'parts.body': 0 };

/** A part of a commit in its final place. */
export interface EntryDoc {
  readonly commit: string;
  readonly stream: string;
  readonly count: number;
  readonly facts: number;
  readonly command: string;
  readonly recordedAt: string;
  readonly actor: string;
  readonly body: string;
}

/** A page of a partition's order. Its insert fixes the positions, and it never changes. */
export type PageDoc = {
  /** `<partition>:<no>` */
  _id: string;
  readonly partition: number;
  /** Number of the page in its partition: 1, 2, 3, … without gaps. */
  readonly no: number;
  readonly count: number;
  readonly facts: number;
  readonly entries: readonly EntryDoc[];
};

/** A subject's data key, wrapped by the master key, in base64. */
export type KeyDoc = { _id: string; readonly wrapped: string };

export interface EventCollections {
  readonly commits: Collection<CommitDoc>;
  readonly pages: Collection<PageDoc>;
  readonly keys: Collection<KeyDoc>;
}

/** Positions of a page's events: page number × 512 + index. */
export const positionSpan = 512;

export function commitId(stream: string, no: number): string {
  return `${stream}:${String(no).padStart(10, '0')}`;
}

export function pageId(partition: number, no: number): string {
  return `${String(partition).padStart(5, '0')}:${String(no).padStart(12, '0')}`;
}

/** Each entry with the position of its first event. */
export function* placed({ no, entries }: PageDoc): Generator<readonly [EntryDoc, Position]> {
  let position = no * positionSpan;
  for (const entry of entries) {
    yield [entry, position];
    position += entry.count;
  }
}

/** The mark of a commit in a partition, when its first event has the position `position`. */
export function markAt(position: Position, { count, lastFact }: Pick<PartDoc, 'count' | 'lastFact'>): Mark {
  return { taken: position + count - 1, published: lastFact < 0 ? 0 : position + lastFact };
}

export function eventCollections(database: Database): EventCollections {
  return {
    commits: database.collection('commits'),
    pages: database.collection('pages'),
    keys: database.collection('keys'),
  };
}

/** Makes the indexes of a context's event store. It may be repeated. */
export async function prepareEventStore(database: Database): Promise<void> {
  const { commits, pages } = eventCollections(database);
  await commits.createIndex({ stream: 1, last: 1 }, { unique: true });
  await commits.createIndex({ pending: 1, queuedAt: 1 });
  // With the counts it is a covering index for accounts, which then need not read the pages.
  await pages.createIndex({ partition: 1, no: 1, count: 1, facts: 1 });
}

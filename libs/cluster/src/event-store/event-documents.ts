import type { Mark, Position } from '@readership/kernel';
import type { Collection, Database } from '../mongo.js';

/** What a commit brings to one partition. */
export interface PartDoc {
  readonly partition: number;
  /** Of its first event. */
  readonly version: number;
  readonly count: number;
  readonly facts: number;
  /** Index of the last event that publishes a fact, −1: none does. */
  readonly lastFact: number;
  /** Number of the commit that holds this stream's events of the partition before these, 0: none does. */
  readonly after: number;
  /** Of the body. */
  readonly bytes: number;
  readonly body: string;
}

/** One commit: its insert is the concurrency check, and what makes it whole. Only `pending` and `positions` change. */
export type CommitDoc = {
  /** `<stream>:<no>` */
  _id: string;
  readonly stream: string;
  /** Dense, from 1. */
  readonly no: number;
  /** Versions of its first and last event. */
  readonly first: number;
  readonly last: number;
  readonly command: string;
  readonly recordedAt: string;
  readonly actor: string;
  /** Later than that of the stream's commit before. For fairness between streams. */
  readonly queuedAt: number;
  /** Partitions that have still to take it. */
  readonly pending: readonly number[];
  /** By partition, where its first event there stands, once it was taken. */
  readonly positions: Readonly<Record<string, Position>>;
  /** `[partition, no]`: where the stream's last events of the partitions that this commit does not touch are. */
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

/** A page of a partition's order: its insert gives the positions, and it never changes. */
export type PageDoc = {
  /** `<partition>:<no>` */
  _id: string;
  readonly partition: number;
  /** Dense, from 1. */
  readonly no: number;
  readonly count: number;
  readonly facts: number;
  readonly entries: readonly EntryDoc[];
};

/** A subject's data key, wrapped by the master key, base64. */
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

/** Where each entry's first event stands. */
export function* placed({ no, entries }: PageDoc): Generator<readonly [EntryDoc, Position]> {
  let position = no * positionSpan;
  for (const entry of entries) {
    yield [entry, position];
    position += entry.count;
  }
}

/** What a commit took of a partition, when its first event there stands at `position`. */
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

/** Makes the indexes of a context's event store; again is no harm. */
export async function prepareEventStore(database: Database): Promise<void> {
  const { commits, pages } = eventCollections(database);
  await commits.createIndex({ stream: 1, last: 1 }, { unique: true });
  await commits.createIndex({ pending: 1, queuedAt: 1 });
  // The counts make it a covering index for an account, which need not read the pages themselves.
  await pages.createIndex({ partition: 1, no: 1, count: 1, facts: 1 });
}

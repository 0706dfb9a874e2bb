import type { AnyEvent, Meta, OutboxEntry, Position, Stored } from '../event.js';
import type { UnreadableEvents } from '../write/unreadable.js';

/** What a write took of a partition: the last position, and the last of those that publishes a fact (0: none does). */
export interface Mark {
  readonly taken: Position;
  readonly published: Position;
}

/**
 * Where a write stands, by partition; empty when nothing was written. `null` when the order of any part of it is not known
 * within a second: it is stored all the same, and who waited for the rest would read too early.
 */
export type Marks = Readonly<Record<number, Mark>> | null;

export type Appended =
  | { readonly outcome: 'appended'; readonly version: number; readonly marks: Marks }
  | { readonly outcome: 'conflict' };

/** One independent fact, or a few that stand or fall together. */
export interface Commit {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly events: readonly AnyEvent[];
  readonly meta: Meta;
}

export interface StreamPage {
  readonly events: readonly Stored[];
  /** Version of the last event of this page, or what was asked for when the page is empty. */
  readonly version: number;
  readonly more: boolean;
}

/** What a context recorded in a partition, counted from its own store. */
export interface StoreAccount {
  readonly recorded: number;
  readonly facts: number;
  readonly privateOnly: number;
}

/**
 * Facts first: one context's streams. An instance belongs to one context and knows its `publish`.
 *
 * - A commit is 1–100 events of one stream, stored whole or not at all, durable when the promise resolves.
 * - Versions of a stream are dense from 1. `expectedVersion` is the stream's version before; 0: it must not exist.
 *   Of many appenders at one version exactly one wins; the others get `conflict` and nothing of theirs is stored.
 * - The same command id at the same expected version answers as it did the first time, and stores nothing.
 * - An event's key, partition, published body and personal part are fixed at append and read back as they were.
 * - Personal parts are encrypted at rest under their subject's data key, and open again however many subjects one batch has.
 * - What cannot be decrypted (its key was destroyed, is damaged or foreign; the sealed text is damaged) reads as
 *   `personal: null` and is counted. Nothing is sealed under a stored key that does not open: `KEY_UNUSABLE`.
 * - An event whose own bytes do not parse reads as one of `damagedType`, with its key if that can be read, and the events
 *   around it read as they were. Its stream does not load: `STREAM_DAMAGED`.
 * - A body over 64 KiB is refused with `EVENT_TOO_LARGE`, a commit over 100 events or 4 MiB with `COMMIT_TOO_LARGE`.
 * - Positions of a partition are final and increase in the order in which readers can ever see them:
 *   whoever has read up to a position will never find something new at or before it.
 */
export abstract class EventStore {
  /** Number of partitions, fixed for the life of a deployment. */
  abstract readonly partitions: number;

  /** What it could not read since it was opened. */
  abstract readonly unreadable: UnreadableEvents;

  /** Events of a stream after a version, oldest first, in pages. A stream that does not exist is empty. */
  abstract load(stream: string, afterVersion?: number): Promise<StreamPage>;

  abstract append(
    stream: string,
    expectedVersion: number,
    events: readonly AnyEvent[],
    meta: Meta,
  ): Promise<Appended>;

  /**
   * Many independent commits at once: each is judged by itself, in order, and answers at its index.
   * Two of the same stream behave as if they came one after the other.
   */
  abstract appendEach(commits: readonly Commit[]): Promise<readonly Appended[]>;

  /** Events of a partition after a position, in order, at most `limit`: it may end early, but only at a whole commit. */
  abstract readPage(partition: number, after: Position, limit: number): Promise<readonly Stored[]>;

  /**
   * The same events as a relay needs them, in pages of the same kind. It opens no personal part and needs no key. A damaged
   * event publishes a fact of `damagedType` if it published one.
   */
  abstract readOutbox(partition: number, after: Position, limit: number): Promise<readonly OutboxEntry[]>;

  /** The last position of a partition, 0 when it is empty. */
  abstract end(partition: number): Promise<Position>;

  /** Counts of what lies in a partition, of all or up to and including `through`. */
  abstract account(partition: number, through?: Position): Promise<StoreAccount>;

  /**
   * How many events come after a position, those that have no place yet included: the cost is that of what waits, not of
   * what lies there. While events are appended one may be counted twice.
   */
  abstract waiting(partition: number, after: Position): Promise<number>;

  /** Resolves when something may have been appended since the last call, or after a moment. */
  abstract changed(signal: AbortSignal): Promise<void>;
}

import type { AnyEvent, Meta, OutboxEntry, Position, Stored } from '../event.js';
import type { UnreadableEvents } from '../write/unreadable.js';

/** What a write stored in a partition: the last position, and the last position that publishes a fact (0 when none does). */
export interface Mark {
  readonly taken: Position;
  readonly published: Position;
}

/**
 * The positions of a write, by partition. Empty when nothing was written. `null` when the order of some part is not
 * known within a second: the write is stored all the same, but nobody can wait for it by position.
 */
export type Marks = Readonly<Record<number, Mark>> | null;

export type Appended =
  | { readonly outcome: 'appended'; readonly version: number; readonly marks: Marks }
  | { readonly outcome: 'conflict' };

/** Events of one stream that are stored together or not at all. */
export interface Commit {
  readonly stream: string;
  readonly expectedVersion: number;
  readonly events: readonly AnyEvent[];
  readonly meta: Meta;
}

export interface StreamPage {
  readonly events: readonly Stored[];
  /** Version of the last event of this page; `afterVersion` when the page is empty. */
  readonly version: number;
  readonly more: boolean;
}

/** Counts of what a context recorded in a partition, from its own store. */
export interface StoreAccount {
  readonly recorded: number;
  readonly facts: number;
  readonly privateOnly: number;
}

/**
 * The streams of one context. An instance belongs to one context and knows its `publish`.
 *
 * - A commit is 1–100 events of one stream, stored whole or not at all, durable when the promise resolves.
 * - Versions of a stream are dense from 1. `expectedVersion` is the stream's version before the commit; 0 means that
 *   the stream must not exist. Of many appenders at one version exactly one wins; the others get `conflict`, and nothing
 *   of theirs is stored.
 * - The same command id at the same expected version gives the same answer as the first time, and stores nothing.
 * - An event's key, partition, published body and personal part are fixed at append and read back as they were.
 * - Personal parts are encrypted at rest with their subject's data key. They can be decrypted however many subjects one
 *   batch has.
 * - A personal part that cannot be decrypted (its key was destroyed, is damaged or foreign, or the sealed text is
 *   damaged) reads as `personal: null` and is counted. Nothing is sealed with a stored key that does not open:
 *   `KEY_UNUSABLE`.
 * - `destroyKeys` makes all that was sealed for these subjects unreadable for good, and nothing else. It may be repeated.
 * - An event whose own bytes do not parse reads as one of `damagedType`, with its key if that can be read. The events
 *   around it read as they were. Its stream does not load: `STREAM_DAMAGED`.
 * - A body over 64 KiB is refused with `EVENT_TOO_LARGE`, a commit over 100 events or 4 MiB with `COMMIT_TOO_LARGE`.
 * - Positions of a partition are final, and increase in the order in which readers can see them: whoever has read up to
 *   a position will never find something new at or before it.
 */
export abstract class EventStore {
  /** Number of partitions. It never changes during the life of a deployment. */
  abstract readonly partitions: number;

  /** Counts what could not be read since the store was opened. */
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
   * Appends many independent commits. Each is judged separately, in order, and its result is at its index. Two commits
   * of the same stream behave as if they were appended one after the other.
   */
  abstract appendEach(commits: readonly Commit[]): Promise<readonly Appended[]>;

  /**
   * Events of a partition after a position, in order, at most `limit`. A page may be shorter, but ends only after a
   * whole commit.
   */
  abstract readPage(partition: number, after: Position, limit: number): Promise<readonly Stored[]>;

  /**
   * The same events as a relay needs them, in pages of the same kind. It decrypts no personal part and needs no key. A
   * damaged event that published a fact publishes one of `damagedType`.
   */
  abstract readOutbox(partition: number, after: Position, limit: number): Promise<readonly OutboxEntry[]>;

  /** The last position of a partition; 0 when it is empty. */
  abstract end(partition: number): Promise<Position>;

  /** Counts the events of a partition: all of them, or those up to and including `through`. */
  abstract account(partition: number, through?: Position): Promise<StoreAccount>;

  /**
   * How many events come after a position, including those without a position yet. The cost depends on the number that
   * waits, not on the size of the store. While events are appended, one may be counted twice.
   */
  abstract waiting(partition: number, after: Position): Promise<number>;

  /**
   * Destroys the data keys of subjects, of which any may have none. Another process may remember a key for a minute.
   * Nothing may be sealed for these subjects at the same time.
   */
  abstract destroyKeys(subjects: readonly string[]): Promise<void>;

  /** Resolves when something may have been appended since the last call, or after a short time. */
  abstract changed(signal: AbortSignal): Promise<void>;
}

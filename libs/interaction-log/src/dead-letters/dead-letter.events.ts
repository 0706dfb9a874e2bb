import type { Event, PersonalEvent } from '@readership/kernel';

/** What is known of a record that was not taken, without what it says. */
export interface Parked {
  readonly topic: string;
  readonly partition: number;
  /** In its partition, from 0. */
  readonly offset: number;
  /** When it was sent, RFC 3339, as its sender or the broker says. */
  readonly sentAt: string;
  /** Who sent it, where that can be read and looks like a name. */
  readonly source: string | null;
  /** Pseudonym of the record's key: equal for equal keys. */
  readonly key: string | null;
  /** Why it was not taken, a stable code, and the field at fault. */
  readonly reason: string;
  readonly pointer?: string;
  /** In how many parts its content is kept; 0: it is too large for that. */
  readonly parts: number;
}

/** The first part of the content, sealed: a record of which nothing is known may hold anything. */
export type RecordParked = PersonalEvent<'RecordParked', Parked, { content: string }>;

/** A further part, in the same commit. */
export type ContentKept = PersonalEvent<'ContentKept', { part: number }, { content: string }>;

/** It was taken after all, as this interaction. */
export type RecordReplayed = Event<'RecordReplayed', { interaction: string }>;

/** It was tried again and is still not taken. */
export type ReplayRefused = Event<'ReplayRefused', { reason: string; pointer?: string }>;

/** It is given up, for good. */
export type RecordDiscarded = Event<'RecordDiscarded', Record<string, never>>;

export type DeadLetterEvent = RecordParked | ContentKept | RecordReplayed | ReplayRefused | RecordDiscarded;

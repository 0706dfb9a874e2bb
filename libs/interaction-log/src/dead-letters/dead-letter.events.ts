import type { Event, PersonalEvent } from '@readership/kernel';

/** What is known of a record that was not taken, without its content. */
export interface Parked {
  readonly topic: string;
  readonly partition: number;
  /** Offset in its partition, from 0. */
  readonly offset: number;
  /** When it was sent, RFC 3339, according to its sender or the broker. */
  readonly sentAt: string;
  /** Who sent it, if that can be read and looks like a name. */
  readonly source: string | null;
  /** Pseudonym of the record's key: equal for equal keys. */
  readonly key: string | null;
  /** Why it was not taken, a stable code, and the field at fault. */
  readonly reason: string;
  readonly pointer?: string;
  /** The number of parts of its content; 0 when it is too large to be kept. */
  readonly parts: number;
}

/** The first part of the content, sealed, because an unknown record may hold anything. */
export type RecordParked = PersonalEvent<'RecordParked', Parked, { content: string }>;

/** A further part, in the same commit. */
export type ContentKept = PersonalEvent<'ContentKept', { part: number }, { content: string }>;

/** The record was taken after all, as this interaction. */
export type RecordReplayed = Event<'RecordReplayed', { interaction: string }>;

/** The record was tried again and is still not taken. */
export type ReplayRefused = Event<'ReplayRefused', { reason: string; pointer?: string }>;

/** The record was given up for good. */
export type RecordDiscarded = Event<'RecordDiscarded', Record<string, never>>;

export type DeadLetterEvent = RecordParked | ContentKept | RecordReplayed | ReplayRefused | RecordDiscarded;

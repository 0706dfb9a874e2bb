import type { ClosureReason } from '@readership/contracts';
import type { Event, PersonalEvent } from '@readership/kernel';

/** At least one of the names is there. */
export interface Contact {
  readonly givenName?: string;
  readonly familyName?: string;
  readonly email?: string;
  readonly phone?: string;
}

/** The changed fields; `null` removes a value. */
export interface ContactChange {
  readonly givenName?: string | null;
  readonly familyName?: string | null;
  readonly email?: string | null;
  readonly phone?: string | null;
}

export type PatronRegistered = PersonalEvent<
  'PatronRegistered',
  {
    readonly homeBranch: string;
    readonly category?: string;
    readonly language?: string;
    /** A day such as `2024-03-31`; absent when it is not known. */
    readonly enrolledOn?: string;
  },
  Contact
>;
export type PatronMoved = Event<'PatronMoved', { readonly homeBranch: string; readonly since: string }>;
export type PatronClosed = Event<'PatronClosed', { readonly reason: ClosureReason; readonly on: string }>;
export type PatronReopened = Event<'PatronReopened', { readonly on: string }>;
export type PatronContactChanged = PersonalEvent<'PatronContactChanged', object, ContactChange>;

/** Accepts a claim of a card: from here on the card belongs to this person. `claim` is the claim's version on the card. */
export type CardAdded = PersonalEvent<
  'CardAdded',
  { readonly token: string; readonly claim: number },
  { readonly card: string }
>;
export type CardRemoved = Event<'CardRemoved', { readonly token: string; readonly at: string }>;
/** Refuses a claim for good. It may be the first event of a stream whose registration was interrupted. */
export type ClaimAbandoned = Event<'ClaimAbandoned', { readonly token: string; readonly claim: number }>;

/** Events of a `patron-<id>` stream. */
export type PatronEvent =
  | PatronRegistered
  | PatronMoved
  | PatronClosed
  | PatronReopened
  | PatronContactChanged
  | CardAdded
  | CardRemoved
  | ClaimAbandoned;

/**
 * Somebody saw records of patrons. It is read and not recorded any more: the host's `PatronAccessed` came in its place.
 * Stored in its own stream, `access-<uuid>`.
 */
export type PatronRecordRead = Event<
  'PatronRecordRead',
  {
    /** At most 200. */
    readonly personIds: readonly string[];
    readonly by: string;
    readonly how: 'id' | 'card' | 'email' | 'phone' | 'name';
  }
>;

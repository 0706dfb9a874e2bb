import type { Event, PersonalEvent } from '@readership/kernel';
import type { Role } from '../access/permissions.js';
import type { ScopeName } from '../access/principal.js';
import type { Purpose } from './purposes.js';

/** By what somebody came to what belongs to patrons, or what they were shown. */
export type AccessHow =
  | 'id'
  | 'card'
  | 'email'
  | 'phone'
  | 'name'
  | 'interaction'
  | 'interactions'
  | 'responses'
  | 'testimonial'
  | 'testimonials'
  | 'accesses';

/** The most patrons that a record of access names. Of more it says how many they were. */
export const namedMax = 5;

/** What everybody who can read the store may know of an access. Who it was is the actor of the commit. */
export interface AccessData {
  /** The month whose key seals the ids and makes the tags, in UTC, such as `2026-11`. */
  readonly month: string;
  readonly role: Role;
  /** Where the role holds; at most 10. */
  readonly scopes: readonly ScopeName[];
  readonly how: AccessHow;
  readonly purpose: Purpose;
  /** How many patrons were shown. */
  readonly count: number;
  /** For each named patron a digest by the key of the month. Without that key nobody can tell whose it is. */
  readonly tags?: readonly string[];
}

/** Somebody was shown what belongs to patrons. Stored in its own stream, `access-<uuid>`, and never published. */
export type PatronAccessed =
  | PersonalEvent<'PatronAccessed', AccessData, { readonly personIds: readonly string[] }>
  | Event<'PatronAccessed', AccessData>;

/**
 * The key with which the tags of a month are made, in base64url. Its stream is named like the subject whose data key
 * seals everything of the month, so all is forgotten with that data key.
 */
export type AccessMonthBegun = PersonalEvent<
  'AccessMonthBegun',
  Record<string, never>,
  { readonly key: string }
>;

/** The subject, and the stream of the key, of a month. */
export function monthSubject(month: string): string {
  return `accesses-${month}`;
}

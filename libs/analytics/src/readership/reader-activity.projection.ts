import type { ActivityPolicy, ClosureReason, InteractionFact, PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';
import { epochDayOf } from '../calendar/days-and-months.js';
import { localDay } from '../calendar/local-day.js';

export type ReaderFact = PublishedEvent<
  | 'PatronRegistered'
  | 'PatronMoved'
  | 'PatronClosed'
  | 'PatronReopened'
  | 'InteractionRecorded'
  | 'InteractionCorrected'
  | 'InteractionWithdrawn'
  | 'InteractionRestored'
  | 'ReattributedAway'
  | 'Adopted'
>;

/** A value from an effective day (an epoch day) on. Of two with the same day only the one recorded last is kept. */
export type FromDay<T> = readonly [day: number | null, T];

/**
 * What is known of one person: their home branches, when the membership was open, and how much they used the library on
 * each day.
 */
export interface ReaderActivity {
  /** False for a provisional person, who is known only by a card. */
  readonly registered: boolean;
  /** Epoch day of enrolment; `null` when it is not known. */
  readonly enrolled: number | null;
  /** Home branches by day. A `null` day comes before all others: the home of the registration. */
  readonly homes: readonly FromDay<string>[];
  /** Closures and reopenings by day. */
  readonly membership: readonly FromDay<ClosureReason | 'open'>[];
  /** Epoch days with qualifying interactions, in ascending order. */
  readonly days: readonly number[];
  /**
   * The count for each of `days`. Never 0, but below 0 while a withdrawal is known before the interaction that it
   * withdraws.
   */
  readonly counts: readonly number[];
}

const nobody: ReaderActivity = {
  registered: false,
  enrolled: null,
  homes: [],
  membership: [],
  days: [],
  counts: [],
};

/**
 * One row per person, known or provisional, from which the people metrics follow. Facts of the person's own stream come
 * in its order; those of interactions commute with them and with each other.
 *
 * Versions 1 and 2 are for builds that began with them. They have no counts of the consortium. In version 1, the home of a registration held from the day of enrolment on, so
 * that it replaced an earlier move, and of what the library started only contacts did not count as use.
 */
export function readerActivity(
  policy: ActivityPolicy,
  timeZone: string,
  version: 1 | 2 | 3 = 3,
): Projection<ReaderFact, ReaderActivity> {
  const dayOf = localDay(timeZone);
  const kinds = new Set<string>(policy.qualifying);

  /** The day on which an interaction counts as use; `null` when it does not. */
  const dayOfUse = (fact: InteractionFact | null): number | null => {
    if (fact === null || !kinds.has(fact.kind)) return null;
    if (fact.digital && !policy.digital) return null;
    if (fact.startedBy === 'library' && (version > 1 || fact.kind === 'contact')) return null;
    return dayOf(fact.time);
  };

  const used = (row: ReaderActivity | null, was: InteractionFact | null, now: InteractionFact | null) => {
    const from = dayOfUse(was);
    const to = dayOfUse(now);
    if (from === to) return row;
    let after = row ?? nobody;
    if (from !== null) after = counted(after, from, -1);
    if (to !== null) after = counted(after, to, 1);
    return !after.registered && after.days.length === 0 ? null : after;
  };

  return {
    name: 'reader-activity',
    version: `${version}-${digest([[...kinds].sort(), policy.windowMonths, policy.digital, timeZone])}`,
    on: [
      'PatronRegistered',
      'PatronMoved',
      'PatronClosed',
      'PatronReopened',
      'InteractionRecorded',
      'InteractionCorrected',
      'InteractionWithdrawn',
      'InteractionRestored',
      'ReattributedAway',
      'Adopted',
    ],
    // An anonymous interaction is keyed by its own stream, so it belongs to nobody.
    key: (event) => (event.key === event.stream ? null : event.key),
    apply(row, event) {
      switch (event.type) {
        case 'PatronRegistered': {
          const { enrolledOn, homeBranch } = event.data;
          const enrolled = enrolledOn === undefined ? null : epochDayOf(enrolledOn);
          const { homes, membership, days, counts } = row ?? nobody;
          const home = withEntry(homes, version > 1 ? null : enrolled, homeBranch);
          return { registered: true, enrolled, homes: home, membership, days, counts };
        }
        case 'PatronMoved': {
          const before = row ?? nobody;
          const { homeBranch, since } = event.data;
          return { ...before, homes: withEntry(before.homes, epochDayOf(since), homeBranch) };
        }
        case 'PatronClosed':
          return withMembership(row, event.data.on, event.data.reason);
        case 'PatronReopened':
          return withMembership(row, event.data.on, 'open');
        case 'InteractionRecorded':
        case 'InteractionRestored':
        case 'Adopted':
          return used(row, null, event.data.now);
        case 'InteractionCorrected':
          return used(row, event.data.was, event.data.now);
        case 'InteractionWithdrawn':
        case 'ReattributedAway':
          return used(row, event.data.was, null);
      }
    },
  };
}

function withMembership(
  row: ReaderActivity | null,
  on: string,
  state: ClosureReason | 'open',
): ReaderActivity {
  const before = row ?? nobody;
  return { ...before, membership: withEntry(before.membership, epochDayOf(on), state) };
}

function withEntry<T>(entries: readonly FromDay<T>[], day: number | null, value: T): readonly FromDay<T>[] {
  const rank = (of: number | null) => of ?? -Infinity;
  const earlier = entries.filter(([other]) => rank(other) < rank(day));
  const later = entries.filter(([other]) => rank(other) > rank(day));
  return [...earlier, [day, value], ...later];
}

function counted(row: ReaderActivity, day: number, change: 1 | -1): ReaderActivity {
  const days = row.days.slice();
  const counts = row.counts.slice();
  let at = days.length;
  while (at > 0 && days[at - 1]! >= day) at--;
  if (days[at] !== day) {
    days.splice(at, 0, day);
    counts.splice(at, 0, change);
  } else if (counts[at] === -change) {
    days.splice(at, 1);
    counts.splice(at, 1);
  } else {
    counts[at] = counts[at]! + change;
  }
  const { registered, enrolled, homes, membership } = row;
  return { registered, enrolled, homes, membership, days, counts };
}

/** A short name for a projection's inputs: 32-bit FNV-1a over their JSON. */
function digest(of: unknown): string {
  let hash = 0x811c9dc5;
  for (const letter of JSON.stringify(of)) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

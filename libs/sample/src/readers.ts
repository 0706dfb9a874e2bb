import { dayName, daysIn, monthOfYear } from './calendar.js';
import type { Chance } from './chance.js';
import { names } from './names.js';
import { branches } from './places.js';

/** What happens to one reader over the sample's months. Months are indexes of calendar.ts. */
export interface Reader {
  readonly card: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly language: string;
  readonly category: string;
  readonly email?: string;
  readonly enrolledOn?: string;
  readonly home: string;
  readonly moves: readonly { readonly month: number; readonly day: string; readonly to: string }[];
  readonly closure?: {
    readonly month: number;
    readonly on: string;
    readonly reason: string;
    readonly reopenedOn?: string;
  };
  /** True for months in which the reader uses the library at all. */
  readonly active: (month: number) => boolean;
  /** Expected interactions in an ordinary active month. */
  readonly rate: number;
  /** Registered only after the interactions were sent, because the branch system was faster than the front desk. */
  readonly late: boolean;
}

const population = branches.reduce((sum, branch) => sum + branch.population, 0);
const reasons = [
  'moved',
  'moved',
  'moved',
  'not-renewed',
  'not-renewed',
  'deceased',
  'asked-to-leave',
  'other',
];
const categories = ['adult', 'adult', 'adult', 'child', 'child', 'student', 'senior', 'senior'];

function branchByPopulation(chance: Chance): string {
  let at = chance.next() * population;
  for (const branch of branches) {
    at -= branch.population;
    if (at < 0) return branch.id;
  }
  return branches[0]!.id;
}

export function makeReader(chance: Chance, number: number, first: number, last: number): Reader {
  const group = chance.happens(0.62) ? names[0]! : chance.pick(names);
  const home = branchByPopulation(chance);
  const before = chance.happens(0.5);
  // New cards follow the school year: more in September and January.
  let enrolled = before ? first - chance.int(1, 96) : chance.int(first, last);
  if (!before && chance.happens(0.25)) {
    const september = enrolled - ((monthOfYear(enrolled) + 4) % 12);
    if (september >= first) enrolled = september;
  }
  const from = Math.max(enrolled, first);
  const lapses = chance.happens(0.55) ? from + Math.floor(-Math.log(1 - chance.next()) * 20) : last + 1;
  const returns = chance.happens(0.35) ? lapses + chance.int(10, 20) : last + 1;
  const moves: Reader['moves'][number][] = [];
  if (chance.happens(0.12)) {
    const month = chance.int(from, last);
    const to = branchByPopulation(chance);
    if (to !== home && month > enrolled)
      moves.push({ month, day: dayName(month, chance.int(1, daysIn(month))), to });
  }
  const closes = chance.happens(0.09) ? chance.int(from, last) : null;
  let closure: Reader['closure'];
  if (closes !== null && closes > enrolled) {
    const reopens = closes + chance.int(1, 6);
    closure = {
      month: closes,
      on: dayName(closes, chance.int(1, daysIn(closes))),
      reason: chance.pick(reasons),
      ...(chance.happens(0.15) && reopens <= last ? { reopenedOn: dayName(reopens, chance.int(1, 28)) } : {}),
    };
  }
  const card = `29${String(1_000_000 + number * 37)}${chance.int(10, 99)}`;
  const reopened = closure?.reopenedOn;
  return {
    card,
    givenName: chance.pick(group.given),
    familyName: chance.pick(group.family),
    language: group.language,
    category: chance.pick(categories),
    ...(chance.happens(0.7) ? { email: `reader${number}@example.org` } : {}),
    ...(chance.happens(0.97) ? { enrolledOn: dayName(enrolled, chance.int(1, daysIn(enrolled))) } : {}),
    home,
    // A reader who has left does not move, because the front desk would have to reopen the membership first.
    moves: moves.filter(({ day }) => closure === undefined || day < closure.on),
    ...(closure === undefined ? {} : { closure }),
    active: (month) =>
      month >= from &&
      (month < lapses || month >= returns) &&
      !(closure && month > closure.month && (reopened === undefined || dayName(month, 1) <= reopened)),
    // Few readers use the library a lot and many a little: a long-tailed rate, 1.3 a month on average.
    rate: 0.35 + Math.min(8, -Math.log(1 - chance.next()) * 0.95),
    late: chance.happens(0.03),
  };
}

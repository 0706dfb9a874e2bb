import { Temporal } from 'temporal-polyfill';
import { branches, branchesByLibrary, type History } from './random-history.js';

const lossReasons = ['lapsed', 'expired', 'closed'];

export const scopes: readonly (readonly string[])[] = [
  branches,
  ...Object.values(branchesByLibrary),
  ...branches.map((b) => [b]),
];

const monthNumber = (iso: string) => Number(iso.split('-')[0]) * 12 + Number(iso.split('-')[1]) - 1;
export const monthName = (n: number) =>
  new Date(Date.UTC(Math.floor(n / 12), n % 12)).toISOString().slice(0, 7);

/** Caches a function of a month, which is called for the same month many times. */
function remembered<T>(of: (m: number) => T): (m: number) => T {
  const known = new Map<number, T>();
  return (m) => {
    if (!known.has(m)) known.set(m, of(m));
    return known.get(m)!;
  };
}

export type Person = ReturnType<typeof personOf>;

export function personOf({ policy, zone, streams }: History, person: string) {
  const own = streams.find(([first]) => first?.type === 'PatronRegistered' && first.key === person);
  if (!own) return null;
  const W = policy.windowMonths;
  const homes: { since: string; branch: string }[] = [];
  const states: { on: string; reason: string | null }[] = [];
  let enrolment = Infinity;
  for (const { type, data } of own) {
    if (type === 'PatronRegistered') {
      homes.push({ since: '0000', branch: data.homeBranch });
      if (data.enrolledOn) enrolment = monthNumber(data.enrolledOn);
    }
    if (type === 'PatronMoved') homes.push({ since: data.since, branch: data.homeBranch });
    if (type === 'PatronClosed') states.push({ on: data.on, reason: data.reason });
    if (type === 'PatronReopened') states.push({ on: data.on, reason: null });
  }
  const uses: { month: number; day: string }[] = [];
  for (const stream of streams) {
    const last = stream[stream.length - 1]!;
    if (last.key !== person || !last.stream.startsWith('interaction-')) continue;
    const says = 'now' in last.data ? last.data.now : null;
    if (!says || !policy.qualifying.includes(says.kind) || (says.digital && !policy.digital)) continue;
    if (says.startedBy === 'library') continue;
    const day = Temporal.Instant.from(says.time).toZonedDateTimeISO(zone).toPlainDate().toString();
    uses.push({ month: monthNumber(day), day });
  }
  const use = new Set(uses.map(({ month }) => month));
  const first = Math.min(enrolment, ...use);
  const anchors = new Set([first, ...use]);

  /** The latest entry by day; of equal days the one recorded last. */
  const latest = <T>(entries: readonly T[], dayOf: (entry: T) => string): T | undefined =>
    entries.reduce<T | undefined>(
      (best, entry) => (!best || dayOf(entry) >= dayOf(best) ? entry : best),
      undefined,
    );
  const home = remembered((m): string => {
    const until = homes.filter(({ since }) => since <= `${monthName(m)}-31`);
    return latest(until, (h) => h.since)!.branch;
  });
  const closed = remembered((m): string | null => {
    const until = states.filter(({ on }) => on <= `${monthName(m)}-31`);
    return latest(until, ({ on }) => on)?.reason ?? null;
  });
  const within = (months: Set<number>, m: number, length: number) => {
    for (let month = m - length + 1; month <= m; month++) if (months.has(month)) return true;
    return false;
  };
  const current = remembered((m) => within(anchors, m, W) && closed(m) === null);
  const entered = (m: number) =>
    !current(m - 1) &&
    (current(m) ||
      (anchors.has(m) && states.some(({ on, reason }) => reason !== null && monthNumber(on) === m)));
  const lost = (m: number) => {
    if (current(m) || !(current(m - 1) || entered(m))) return null;
    const reason = closed(m);
    return reason === null ? 'lapsed' : reason === 'not-renewed' ? 'expired' : 'closed';
  };
  const active = remembered((m) => within(use, m, W));
  return { W, first, use, uses, states, homes, home, current, entered, lost, active };
}

export function monthsToTell(persons: readonly NonNullable<Person>[]): number[] {
  const told = persons.flatMap(({ use, first, states, homes }) => [
    ...use,
    ...(first < Infinity ? [first] : []),
    ...states.map(({ on }) => monthNumber(on)),
    ...homes.filter(({ since }) => since > '0000').map(({ since }) => monthNumber(since)),
  ]);
  if (told.length === 0) told.push(monthNumber('2020-01'));
  const from = Math.min(...told) - 2;
  const to = Math.max(...told) + (persons[0]?.W ?? 0) + 14;
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

export type Series = Record<string, number[]>;

/** Every people metric by name, in every scope. */
export function expected(persons: readonly NonNullable<Person>[], months: readonly number[]): Series[] {
  const sums: Series[] = scopes.map(() => ({}));
  const names = new Set([
    'current',
    'active',
    'retained',
    'returned',
    'newly-active',
    'kept',
    'new',
    'reactivated',
  ]);
  for (const reason of lossReasons) names.add(`lost-${reason}`);
  for (const name of ['lost', 'moved-in', 'moved-out']) names.add(name);
  for (const name of ['uses', 'users', 'visit-days']) for (const L of [1, 3, 12]) names.add(`${name}-${L}`);
  for (const series of sums) for (const name of names) series[name] = months.map(() => 0);

  for (const { W, first, use, uses, home, current, entered, lost, active } of persons) {
    months.forEach((m, at) => {
      const count = (name: string, where: string, n: number | boolean = 1) => {
        if (!Number(n)) return;
        scopes.forEach((scope, s) => scope.includes(where) && (sums[s]![name]![at]! += Number(n)));
      };
      count('current', home(m), current(m));
      count('active', home(m), active(m));
      count('retained', home(m), active(m) && active(m - W));
      count('kept', home(m - W), active(m) && active(m - W));
      const usedBefore = [...use].some((month) => month <= m - W);
      count('returned', home(m), active(m) && !active(m - W) && usedBefore);
      count('newly-active', home(m), active(m) && !active(m - W) && !usedBefore);
      if (entered(m)) count(first === m ? 'new' : 'reactivated', home(m));
      const reason = lost(m);
      if (reason) {
        count('lost', home(current(m - 1) ? m - 1 : m));
        count(`lost-${reason}`, home(current(m - 1) ? m - 1 : m));
      }
      if (current(m - 1) && current(m)) {
        scopes.forEach((scope, s) => {
          const [before, after] = [scope.includes(home(m - 1)), scope.includes(home(m))];
          if (after && !before) sums[s]!['moved-in']![at]! += 1;
          if (before && !after) sums[s]!['moved-out']![at]! += 1;
        });
      }
      for (const L of [1, 3, 12]) {
        const inWindow = uses.filter(({ month }) => month > m - L && month <= m);
        count(`uses-${L}`, home(m), inWindow.length);
        count(`users-${L}`, home(m), inWindow.length > 0);
        count(`visit-days-${L}`, home(m), new Set(inWindow.map(({ day }) => day)).size);
      }
    });
  }
  return sums;
}

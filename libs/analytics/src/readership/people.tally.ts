import type { ActivityPolicy } from '@readership/contracts';
import type { Tally } from '@readership/kernel';
import { firstDayOf, isoMonth, monthOfDay } from '../calendar/days-and-months.js';
import { everywhere } from '../calendar/monthly.js';
import type { LossReason } from './people.js';
import type { FromDay, ReaderActivity } from './reader-activity.projection.js';

/** A value that holds from the end of this month on. */
type FromMonth<T> = readonly [month: number, T];
/** The months from the first up to, not including, the second. */
type Span = readonly [from: number, to: number];

/**
 * Counts what METRICS.md "People" defines. Each person counts at their home branch at the end of the month.
 *
 * Cells are `<measure>|<branch>|<YYYY-MM>`. Stocks (`current active retained returned newly-active kept`, `users-1
 * users-3 users-12`) hold changes: the value of a month is the sum of the cells up to it. Flows (`new reactivated
 * lost-<reason>`, `uses visit-days`) are counts of their month. The sum of `uses` over a window of months counts at the
 * homes of each month; `uses-3 uses-12` (and `visit-days-3 …`) hold, as changes, what to add for those who moved so
 * that the sum counts at the home at the window's end. `moved|<YYYY-MM>|<from>|<to>` counts current readers who moved.
 *
 * With `totals`, everything but moves is also counted for the consortium, under `*` as the branch; moves within it
 * change nothing there.
 *
 * A reader needs as many cells as months of use and a few for each gap, move and closure, however long ago, and with
 * totals twice as many.
 */
export function people(policy: ActivityPolicy, totals = true): Tally<ReaderActivity> {
  const nameOf = cellNames();
  return {
    name: 'people',
    cells(row) {
      const count = new PersonCount(row, nameOf, totals);
      if (!row.registered) return count.cells;
      const use = monthsOfUse(row);
      countUse(count, use);
      countActive(count, use.months, policy.windowMonths);
      countMembership(count, row, use.months, policy.windowMonths);
      return count.cells;
    },
  };
}

interface Use {
  /** In ascending order. */
  readonly months: number[];
  /** Qualifying interactions and distinct days, per month. */
  readonly uses: number[];
  readonly days: number[];
}

function monthsOfUse(row: ReaderActivity): Use {
  const months: number[] = [];
  const uses: number[] = [];
  const days: number[] = [];
  let last = -1;
  let nextMonth = -Infinity;
  for (let at = 0; at < row.days.length; at++) {
    const count = row.counts[at]!;
    if (count <= 0) continue;
    const day = row.days[at]!;
    if (day >= nextMonth) {
      const month = monthOfDay(day);
      nextMonth = firstDayOf(month + 1);
      last = months.push(month) - 1;
      uses.push(0);
      days.push(0);
    }
    uses[last]! += count;
    days[last]! += 1;
  }
  return { months, uses, days };
}

/** The cells of one person, who counts at their home branch of the time. */
class PersonCount {
  readonly cells = new Map<string, number>();
  /** Neighbouring entries differ. The first has no lower limit. */
  readonly homes: readonly FromMonth<string>[];

  constructor(
    row: ReaderActivity,
    private readonly nameOf: CellName,
    private readonly totals: boolean,
  ) {
    const reachingBack = row.homes.map(([since, branch], at) => [at === 0 ? null : since, branch] as const);
    this.homes = byMonth(reachingBack).filter(([, branch], at, all) => all[at - 1]?.[1] !== branch);
  }

  homeAt(month: number): string {
    let at = this.homes.length - 1;
    while (this.homes[at]![0] > month) at--;
    return this.homes[at]![1];
  }

  /** Counts at a branch and in the consortium. */
  add(measure: string, branch: string, month: number, n: number): void {
    this.put(measure, branch, month, n);
    if (this.totals) this.put(measure, everywhere, month, n);
  }

  private put(measure: string, branch: string, month: number, n: number): void {
    const name = this.nameOf(measure, branch, month);
    this.cells.set(name, (this.cells.get(name) ?? 0) + n);
  }

  /** Counts in every month of the span, at the home `monthsBefore` months before each. */
  during(measure: string, [from, to]: Span, monthsBefore = 0): void {
    for (let at = 0; at < this.homes.length; at++) {
      const [since, branch] = this.homes[at]!;
      const start = later(from, since + monthsBefore);
      const end = earlier(to, (this.homes[at + 1]?.[0] ?? Infinity) + monthsBefore);
      if (start >= end) continue;
      this.put(measure, branch, start, 1);
      this.put(measure, branch, end, -1);
    }
    if (!this.totals || from >= to) return;
    this.put(measure, everywhere, from, 1);
    this.put(measure, everywhere, to, -1);
  }

  /** Counts `n` in every month of the span at the home of that month, instead of at `placed`. The consortium has both. */
  instead(measure: string, placed: string, n: number, [from, to]: Span): void {
    for (let at = 0; at < this.homes.length; at++) {
      const [since, branch] = this.homes[at]!;
      const start = later(from, since);
      const end = earlier(to, this.homes[at + 1]?.[0] ?? Infinity);
      if (start >= end || branch === placed) continue;
      this.put(measure, placed, start, -n);
      this.put(measure, placed, end, n);
      this.put(measure, branch, start, n);
      this.put(measure, branch, end, -n);
    }
  }

  /** Counts the moves of somebody who is current in every month of the span. */
  moves([from, to]: Span): void {
    for (let at = 1; at < this.homes.length; at++) {
      const [month, branch] = this.homes[at]!;
      if (month <= from || month >= to) continue;
      this.cells.set(`moved|${isoMonth(month)}|${this.homes[at - 1]![1]}|${branch}`, 1);
    }
  }
}

function countUse(count: PersonCount, { months, uses, days }: Use): void {
  for (let at = 0; at < months.length; at++) {
    const month = months[at]!;
    const home = count.homeAt(month);
    count.add('uses', home, month, uses[at]!);
    count.add('visit-days', home, month, days[at]!);
    if (count.homes.length === 1) continue;
    count.instead('uses-3', home, uses[at]!, [month + 1, month + 3]);
    count.instead('uses-12', home, uses[at]!, [month + 1, month + 12]);
    count.instead('visit-days-3', home, days[at]!, [month + 1, month + 3]);
    count.instead('visit-days-12', home, days[at]!, [month + 1, month + 12]);
  }
  for (const span of covered(months, 1)) count.during('users-1', span);
  for (const span of covered(months, 3)) count.during('users-3', span);
  for (const span of covered(months, 12)) count.during('users-12', span);
}

function countActive(count: PersonCount, months: readonly number[], window: number): void {
  if (months.length === 0) return;
  const active = covered(months, window);
  const retainable = months[0]! + window;
  count.during('newly-active', [months[0]!, retainable]);
  for (const span of active) {
    count.during('active', span);
    // From here on an active month is retained if the person was also active a window ago, else returned.
    let returned = later(span[0], retainable);
    for (const [from, to] of active) {
      const start = later(span[0], from + window);
      const end = earlier(span[1], to + window);
      if (start >= end) continue;
      count.during('retained', [start, end]);
      count.during('kept', [start, end], window);
      if (returned < start) count.during('returned', [returned, start]);
      returned = end;
    }
    if (returned < span[1]) count.during('returned', [returned, span[1]]);
  }
}

function countMembership(
  count: PersonCount,
  row: ReaderActivity,
  use: readonly number[],
  window: number,
): void {
  const enrolled = row.enrolled === null ? Infinity : monthOfDay(row.enrolled);
  const first = earlier(enrolled, use[0] ?? Infinity);
  if (first === Infinity) return;
  const anchors = first === use[0] ? use : [first, ...use];
  const states = byMonth(row.membership);
  const spans = openDuring(covered(anchors, window), states);
  const enters = (month: number) =>
    count.add(month === first ? 'new' : 'reactivated', count.homeAt(month), month, 1);

  for (const span of spans) {
    const [from, to] = span;
    count.during('current', span);
    count.moves(span);
    enters(from);
    count.add(`lost-${reasonOf(to, states)}`, count.homeAt(to - 1), to, 1);
  }
  for (const [month, state] of states) {
    if (state === 'open' || !anchors.includes(month)) continue;
    if (spans.some(([from, to]) => from < month && month <= to)) continue;
    // Came and left within the month.
    enters(month);
    count.add(`lost-${reasonOf(month, states)}`, count.homeAt(month), month, 1);
  }
}

type State = ReaderActivity['membership'][number][1];

/** The parts of ascending spans in which the membership is open at the end of the month. */
function openDuring(spans: readonly Span[], states: readonly FromMonth<State>[]): readonly Span[] {
  if (states.length === 0) return spans;
  const closed: Span[] = states.flatMap(([from, state], at) =>
    state === 'open' ? [] : [[from, states[at + 1]?.[0] ?? Infinity] as const],
  );
  const open: Span[] = [];
  for (const [from, to] of spans) {
    let start = from;
    for (const [left, back] of closed) {
      if (left >= to || back <= start) continue;
      if (start < left) open.push([start, left]);
      start = back;
    }
    if (start < to) open.push([start, to]);
  }
  return open;
}

/** Why somebody who was current is no longer current at the end of a month. */
function reasonOf(month: number, states: readonly FromMonth<State>[]): LossReason {
  const state = states.find(([from]) => from === month)?.[1] ?? 'open';
  if (state === 'open') return 'lapsed';
  return state === 'not-renewed' ? 'expired' : 'closed';
}

/** The given ascending months and the `length` − 1 months after each. */
function covered(months: readonly number[], length: number): Span[] {
  const spans: Span[] = [];
  let from = months[0];
  let to = from;
  for (const month of months) {
    if (month > to!) {
      spans.push([from!, to!]);
      from = month;
    }
    to = month + length;
  }
  if (from !== undefined) spans.push([from, to!]);
  return spans;
}

const later = (a: number, b: number) => (a > b ? a : b);
const earlier = (a: number, b: number) => (a < b ? a : b);

/** The last entry of each month, which holds at its end. */
function byMonth<T>(entries: readonly FromDay<T>[]): FromMonth<T>[] {
  const months: FromMonth<T>[] = [];
  for (const [day, value] of entries) {
    const month = day === null ? -Infinity : monthOfDay(day);
    if (months[months.length - 1]?.[0] === month) months.pop();
    months.push([month, value]);
  }
  return months;
}

type CellName = (measure: string, branch: string, month: number) => string;

const namesMax = 200_000;

/** Makes each name once. The same few thousand are used all the time, and a known string is looked up faster. */
function cellNames(): CellName {
  const known = new Map<string, Map<string, Map<number, string>>>();
  let names = 0;
  return (measure, branch, month) => {
    const ofBranch = within(within(known, measure), branch);
    let name = ofBranch.get(month);
    if (name === undefined) {
      if (++names > namesMax) {
        known.clear();
        names = 0;
      }
      name = `${measure}|${branch}|${isoMonth(month)}`;
      ofBranch.set(month, name);
    }
    return name;
  };
}

function within<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key);
  if (!inner) map.set(key, (inner = new Map()));
  return inner;
}

import { Refusal } from '@readership/kernel';
import { isoMonth, monthOf } from '../calendar/days-and-months.js';

export const grains = ['month', 'quarter', 'year'] as const;
export type Grain = (typeof grains)[number];

/** A period of so many months that may begin with any. */
export type RollingGrain = '3-months' | '12-months';

/** Consecutive months, by number, with a name: `2024-03`, `2024-Q1`, `2024`, `FY2024`, `2023-06/2024-05`. */
export interface Period {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

const pointsMax = 240;

/** Parses a month from 1900 on, such as `2024-03`, into its month number. Throws `BAD_MONTH`. */
export function parseMonth(month: string, field: string): number {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(month) && month >= '1900') return monthOf(month);
  throw new Refusal(
    'BAD_MONTH',
    'invalid',
    `Give \`${field}\` as a month from 1900 on, such as 2024-03.`,
    `/${field}`,
  );
}

/** The first and the last month of a question; by default the twelve months that end with the last complete one. */
export function monthsAsked(from: string | undefined, to: string | undefined, now: number): [number, number] {
  const last = to === undefined ? now - 1 : parseMonth(to, 'to');
  return [from === undefined ? last - 11 : parseMonth(from, 'from'), last];
}

/**
 * Every period between two months, extended to whole periods. `yearStart` is the first month of a year of this grain,
 * 1–12.
 */
export function periodsOf(from: number, to: number, grain: Grain, yearStart: number | 'calendar'): Period[] {
  if (from > to) throw fromAfterTo();
  const length = { month: 1, quarter: 3, year: 12 }[grain];
  const offset = grain === 'year' && yearStart !== 'calendar' ? yearStart - 1 : 0;
  const begin = (month: number) => Math.floor((month - offset) / length) * length + offset;
  const [first, last] = [begin(from), begin(to)];
  if ((last - first) / length >= pointsMax) throw new TooManyPoints();
  const periods: Period[] = [];
  for (let month = first; month <= last; month += length) {
    periods.push({
      name: nameOf(month, grain, yearStart !== 'calendar'),
      first: month,
      last: month + length - 1,
    });
  }
  return periods;
}

/** More points than one answer may have. The edge answers 400. */
export class TooManyPoints extends Error {
  override readonly name = 'TooManyPoints';

  constructor() {
    super(`A query has at most ${pointsMax} points.`);
  }
}

/** The same number of periods just before these, or the same periods a year earlier. */
export function compared(
  periods: readonly Period[],
  mode: 'previous' | 'year',
  rename: (first: number) => string,
): Period[] {
  const span = periods.length === 0 ? 0 : periods[periods.length - 1]!.last - periods[0]!.first + 1;
  const back = mode === 'year' ? 12 : span;
  return periods.map(({ first, last }) => ({
    name: rename(first - back),
    first: first - back,
    last: last - back,
  }));
}

export function nameOf(first: number, grain: Grain, fiscal: boolean): string {
  const month = isoMonth(first);
  const year = month.slice(0, 4);
  switch (grain) {
    case 'month':
      return month;
    case 'quarter':
      return `${year}-Q${Math.floor((first % 12) / 3) + 1}`;
    case 'year':
      return fiscal ? `FY${year}` : year;
  }
}

/**
 * The months from one to another, both included, as one period: a month (`2024-03`), or three or twelve months that may
 * begin with any (`2024-02/2024-04`). Throws `FROM_AFTER_TO` and `BAD_PERIOD`.
 */
export function onePeriod(first: number, last: number): Period {
  if (first > last) throw fromAfterTo();
  if (first === last) return { name: isoMonth(first), first, last };
  if (last - first === 2 || last - first === 11) {
    return { name: `${isoMonth(first)}/${isoMonth(last)}`, first, last };
  }
  throw new Refusal('BAD_PERIOD', 'invalid', 'Give `from` and `to` as one month, three or twelve.', '/from');
}

/** The grain of a period of 1, 3 or 12 months that may begin with any. */
export function grainOf({ first, last }: Period): 'month' | RollingGrain {
  if (first === last) return 'month';
  return last - first === 2 ? '3-months' : '12-months';
}

function fromAfterTo(): Refusal {
  return new Refusal('FROM_AFTER_TO', 'invalid', '`from` must not be after `to`.', '/from');
}

/** The twelve months up to and including a month. */
export function twelveMonthsTo(last: number): Period {
  return { name: twelveMonthsFrom(last - 11), first: last - 11, last };
}

export function twelveMonthsFrom(first: number): string {
  return `${isoMonth(first)}/${isoMonth(first + 11)}`;
}

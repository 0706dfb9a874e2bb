import { Refusal } from '@readership/kernel';
import { isoMonth, monthOf } from '../calendar/days-and-months.js';

export const grains = ['month', 'quarter', 'year'] as const;
export type Grain = (typeof grains)[number];

/** Consecutive months, by number, under a name: `2024-03`, `2024-Q1`, `2024`, `FY2024`, `2023-06/2024-05`. */
export interface Period {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

const pointsMax = 240;

/** `2024-03` from 1900 on, as a month number; throws `BAD_MONTH`. */
export function parseMonth(month: string, field: string): number {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(month) && month >= '1900') return monthOf(month);
  throw new Refusal(
    'BAD_MONTH',
    'invalid',
    `Give \`${field}\` as a month from 1900 on, such as 2024-03.`,
    `/${field}`,
  );
}

/** Every period from..to, widened to whole ones. `yearStart` is the first month of a year of this grain, 1–12. */
export function periodsOf(from: number, to: number, grain: Grain, yearStart: number | 'calendar'): Period[] {
  if (from > to) throw new Refusal('FROM_AFTER_TO', 'invalid', '`from` must not be after `to`.', '/from');
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

/** The edge answers 400. */
export class TooManyPoints extends Error {
  override readonly name = 'TooManyPoints';

  constructor() {
    super(`A query has at most ${pointsMax} points.`);
  }
}

/** The same number of periods just before these, or the same ones a year earlier. */
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

/** The twelve months to a month. */
export function twelveMonthsTo(last: number): Period {
  return { name: twelveMonthsFrom(last - 11), first: last - 11, last };
}

export function twelveMonthsFrom(first: number): string {
  return `${isoMonth(first)}/${isoMonth(first + 11)}`;
}

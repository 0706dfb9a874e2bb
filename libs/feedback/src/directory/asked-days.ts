import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { afterAscii } from '@readership/host';
import { Refusal } from '@readership/kernel';
import { Temporal } from 'temporal-polyfill';
import { checkDay } from './calendar-day.js';

/** The day after it has four digits for its year, too. */
const dayMax = '9999-12-30';

/** The first and the last day that a list is about; `undefined` when it has no such end. */
export interface AskedDays {
  readonly first: string | undefined;
  readonly last: string | undefined;
}

/**
 * Parses `?from=` and `?to=` of a list: days, or months as a whole, both included. Throws `BAD_DATE`, `DATE_TOO_EARLY`,
 * `DATE_IN_FUTURE` from the end of the year 9999 on, `FROM_AFTER_TO`.
 */
export function askedDays(from: string | undefined, to: string | undefined): AskedDays {
  const first = from === undefined ? undefined : edgeOf(from, 'from');
  const last = to === undefined ? undefined : edgeOf(to, 'to');
  if (first !== undefined && last !== undefined && first > last) {
    throw new Refusal('FROM_AFTER_TO', 'invalid', '`from` must not be after `to`.', '/from');
  }
  return { first, last };
}

/** Describes `from` and `to` of a list of what has a day. */
export const DaysQuery = (what: string): MethodDecorator =>
  applyDecorators(
    ...['from', 'to'].map((name) =>
      ApiQuery({
        name,
        required: false,
        schema: { type: 'string' },
        description: `The ${name === 'from' ? 'first' : 'last'} day, or month, ${what}: 2024-03-31 or 2024-03.`,
      }),
    ),
  );

/** The part of an index between two places, the later one first. Without places it is what begins with the prefix. */
export function latestFirst(
  { index, prefix }: { readonly index: string; readonly prefix: string },
  earliest: string | undefined,
  latest: string | undefined,
): { readonly index: string; readonly from: string; readonly to: string } {
  const to = earliest === undefined ? prefix : `${prefix}${earliest}/`;
  return { index, from: `${prefix}${latest ?? ''}`, to: `${to}${afterAscii}` };
}

function edgeOf(asked: string, name: 'from' | 'to'): string {
  const isMonth = /^\d{4}-\d{2}$/.test(asked);
  const day = isMonth ? `${asked}-01` : asked;
  checkDay(day, dayMax, `/${name}`);
  if (!isMonth || name === 'from') return day;
  const end = `${asked}-${Temporal.PlainDate.from(day).daysInMonth}`;
  checkDay(end, dayMax, `/${name}`);
  return end;
}

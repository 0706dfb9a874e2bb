import { Temporal } from 'temporal-polyfill';
import { isoMonth, monthOfDay } from './days-and-months.js';
import { localDay } from './local-day.js';

/** A function from an instant (RFC 3339 in UTC) to its month in a time zone, `2024-03`. */
export function monthIn(timeZone: string): (instant: string) => string {
  const dayOf = localDay(timeZone);
  return (instant) => isoMonth(monthOfDay(dayOf(instant)));
}

/** The first instant of a month, by number, in a time zone: epoch milliseconds. */
export function beginningOf(month: number, timeZone: string): number {
  return Temporal.PlainDate.from(`${isoMonth(month)}-01`).toZonedDateTime(timeZone).epochMilliseconds;
}

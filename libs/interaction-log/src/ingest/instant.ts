const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const dayMs = 86_400_000;
const earliestMs = Date.UTC(1900, 0, 1);

export type TimeProblem = 'BAD_TIME' | 'TIME_TOO_EARLY' | 'TIME_OUT_OF_RANGE' | 'TIME_IN_FUTURE';

/** An instant as the log stores it: RFC 3339 in UTC with milliseconds. */
export interface Instant {
  readonly instant: string;
}

/** Reads RFC 3339 with an offset, from 1900 to a day after `nowMs`. */
export function instantOf(text: string, nowMs: number): Instant | TimeProblem {
  const match = rfc3339.exec(text);
  if (match === null) return 'BAD_TIME';
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (hour > 23 || minute > 59 || second > 59) return 'BAD_TIME';
  if (year < 1899) return 'TIME_TOO_EARLY';
  if (year === 9999) return 'TIME_OUT_OF_RANGE';
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return 'BAD_TIME';
  const ms = match[7] === undefined ? 0 : Number(match[7].slice(0, 3).padEnd(3, '0'));
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  if (offsetHour > 23 || offsetMinute > 59) return 'BAD_TIME';
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000 * (match[8] === '-' ? -1 : 1);
  const at = Date.UTC(year, month - 1, day, hour, minute, second, ms) - offsetMs;
  if (at < earliestMs) return 'TIME_TOO_EARLY';
  if (at > nowMs + dayMs) return 'TIME_IN_FUTURE';
  return { instant: new Date(at).toISOString() };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const dayMs = 86_400_000;
const earliestMs = Date.UTC(1900, 0, 1);

export type TimeProblem = 'BAD_TIME' | 'TIME_TOO_EARLY' | 'TIME_OUT_OF_RANGE' | 'TIME_IN_FUTURE';

/** A moment as the log keeps it: RFC 3339 in UTC with milliseconds. */
export interface Instant {
  readonly instant: string;
}

/** Reads RFC 3339 with an offset; from 1900 to a day after `nowMs`. */
export function instantOf(text: string, nowMs: number): Instant | TimeProblem {
  const match = rfc3339.exec(text);
  if (match === null) return 'BAD_TIME';
  const [year, month, day, hour, minute, second] = [
    match[1],
    match[2],
    match[3],
    match[4],
    match[5],
    match[6],
  ].map(Number) as [number, number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return 'BAD_TIME';
  if (year < 1899) return 'TIME_TOO_EARLY';
  if (year === 9999) return 'TIME_OUT_OF_RANGE';
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return 'BAD_TIME';
  const ms = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHour > 23 || offsetMinute > 59) return 'BAD_TIME';
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000 * (match[8] === '-' ? -1 : 1);
  const at = midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + ms - offsetMs;
  if (at < earliestMs) return 'TIME_TOO_EARLY';
  if (at > nowMs + dayMs) return 'TIME_IN_FUTURE';
  return { instant: new Date(at).toISOString() };
}

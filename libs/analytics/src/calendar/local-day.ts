import { epochDay } from './days-and-months.js';

const hoursMax = 100_000;
const quarterMs = 15 * 60_000;

/**
 * The epoch day of an instant (`2024-03-31T09:15:00.000Z`) in a time zone. It asks `Intl` once per UTC hour. An hour
 * that begins and ends on one day is remembered; the hour around midnight may hold two days and is asked every time.
 * Throws a `RangeError` for an unknown time zone.
 */
export function localDay(timeZone: string): (instant: string) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const dayAt = (ms: number): number => {
    const [month, day, year] = format.format(ms).split('/') as [string, string, string];
    return epochDay(+year, +month, +day);
  };
  const dayOfHour = (ms: number): number | null => {
    const day = dayAt(ms);
    for (let quarter = 0; quarter < 4; quarter++) {
      const from = ms + quarter * quarterMs;
      if (dayAt(from) !== day || dayAt(from + quarterMs - 1) !== day) return null;
    }
    return day;
  };
  const hours = new Map<string, number | null>();
  return (instant) => {
    const hour = instant.slice(0, 13);
    let day = hours.get(hour);
    if (day === undefined) {
      if (hours.size >= hoursMax) hours.clear();
      day = dayOfHour(Date.parse(`${hour}:00:00.000Z`));
      hours.set(hour, day);
    }
    return day ?? dayAt(Date.parse(instant));
  };
}

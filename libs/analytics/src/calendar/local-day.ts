import { epochDay } from './days-and-months.js';

const dayMs = 86_400_000;
const daysMax = 100_000;

/**
 * The epoch day of an instant (`2024-03-31T09:15:00.000Z`) in a time zone. It asks `Intl` for the offset at the
 * beginning and at the end of a UTC day, once. Where both are the same, the day follows by arithmetic; a day on which
 * the clocks change is asked for every time. Throws a `RangeError` for an unknown time zone.
 */
export function localDay(timeZone: string): (instant: string) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  /** What clocks show there, as milliseconds since 1970-01-01T00:00 there. */
  const shownAt = (ms: number): number => {
    const [month, day, year, hour, minute, second] = format.format(ms).match(/\d+/g)!.map(Number) as [
      ...[number, number, number],
      ...[number, number, number],
    ];
    return epochDay(year, month, day) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000;
  };
  const offsets = new Map<string, number | null>();
  return (instant) => {
    const date = instant.slice(0, 10);
    let offset = offsets.get(date);
    if (offset === undefined) {
      if (offsets.size >= daysMax) offsets.clear();
      const from = Date.parse(date);
      const atFirst = shownAt(from) - from;
      offset = shownAt(from + dayMs) - from - dayMs === atFirst ? atFirst : null;
      offsets.set(date, offset);
    }
    const ms = Date.parse(instant);
    return Math.floor((offset === null ? shownAt(ms) : ms + offset) / dayMs);
  };
}

import { consortium, leastShown } from './suppression.js';
import type { FigureGroup } from './figure-groups.js';

/** The lengths in months of the periods that are sums of several months. A year matters more than a quarter. */
export const windowLengths = [12, 3] as const;

/** The groups whose figures of the consortium are shown for such a period although some of its months are hidden. */
export const windowGroups = [
  'new',
  'lost',
  'responses',
  'testimonials',
] as const satisfies readonly FigureGroup[];

/** Stands among the hidden scopes of a month for the figure of the consortium of a period that ends with it. */
export function windowName(length: number): string {
  return `${consortium}/${length}`;
}

/** What is known of the figures of a group of the consortium in one month. */
export interface ConsortiumMonth {
  readonly hidden: boolean;
  readonly counts: readonly number[];
  /** The lengths of the hidden periods that end with it; `null` when it was not judged, and all of them are hidden. */
  readonly windows: ReadonlySet<number> | null;
  /** Whether it is judged for the first time. */
  readonly isNew: boolean;
}

/**
 * For each of these consecutive months, the lengths of the periods that must be hidden besides, so that no sums and
 * differences of those that are shown, and of months that are shown, are a count of 1 to k − 1 of one month or several.
 *
 * The figure of a period is the difference of two sums from the first month on: up to its end, and up to its beginning. Two
 * such places are *joined* when the figures that are shown lead from one to the other. What is known are the months of every
 * round trip: on from a place for some months, then to a joined place, and so on until back at a joined place. Periods that
 * were shown before come first, so that a new one does not hide them.
 */
export function windowsToHide(months: readonly ConsortiumMonth[]): readonly (readonly number[])[] {
  const places = new JoinedPlaces(months.map(({ counts }) => counts));
  const toHide = months.map((): number[] => []);
  for (const [at, { hidden }] of months.entries()) if (!hidden) places.join(at, at + 1);
  for (const isNew of [false, true]) {
    for (const length of windowLengths) {
      for (const [at, { windows, isNew: own }] of months.entries()) {
        if (windows === null || own !== isNew || windows.has(length)) continue;
        if (at + 1 < length || !places.join(at + 1 - length, at + 1)) toHide[at]!.push(length);
      }
    }
  }
  return toHide;
}

/** The beginnings of months, and the end of the last one, as far as they are joined. */
class JoinedPlaces {
  private readonly joined: number[][];

  /** Several counts of each month. */
  constructor(private readonly counts: readonly (readonly number[])[]) {
    this.joined = [...counts.keys(), counts.length].map((place) => [place]);
  }

  /** Joins two places, unless a round trip would then take 1 to k − 1 of any count. */
  join(a: number, b: number): boolean {
    const [one, other] = [this.joined[a]!, this.joined[b]!];
    if (one === other) return true;
    const both = [...one, ...other];
    for (const place of both) this.joined[place] = both;
    const series = this.counts[0]!.keys();
    if (![...series].some((i) => this.hasSmallTrip(both, i))) return true;
    for (const place of one) this.joined[place] = one;
    for (const place of other) this.joined[place] = other;
    return false;
  }

  /** Whether some months lead from these places back to them that have 1 to k − 1 together. */
  private hasSmallTrip(home: readonly number[], series: number): boolean {
    const seen = new Map<readonly number[], Set<number>>();
    const open: [places: readonly number[], count: number][] = [[home, 0]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [places, before] = next;
      for (const place of places) {
        const count = before + (this.counts[place]?.[series] ?? NaN);
        const to = this.joined[place + 1];
        if (to === undefined || !(count < leastShown)) continue;
        if (to === home && count > 0) return true;
        const counts = seen.get(to) ?? new Set();
        if (counts.has(count)) continue;
        seen.set(to, counts.add(count));
        open.push([to, count]);
      }
    }
    return false;
  }
}

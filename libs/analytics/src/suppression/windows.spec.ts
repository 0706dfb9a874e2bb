import { Attacker } from '../../testing/attacker.js';
import { chance } from '../../testing/random-history.js';
import { windowsToHide, type ConsortiumMonth } from './windows.js';

/** Months with these counts, hidden where they are small, and each judged for the first time. */
const months = (counts: readonly (number | readonly number[])[]): ConsortiumMonth[] =>
  counts.map((of) => {
    const each = typeof of === 'number' ? [of] : of;
    return { hidden: each.some((n) => n > 0 && n < 5), counts: each, windows: new Set(), isNew: true };
  });

/** The months, from 1 on, with which a period of three months ends that is hidden. */
const quartersHidden = (of: readonly ConsortiumMonth[]) =>
  windowsToHide(of).flatMap((lengths, at) => (lengths.includes(3) && at >= 2 ? [at + 1] : []));

describe('periods of the consortium', () => {
  it('are shown when no month is hidden, and hidden when one is', () => {
    expect(quartersHidden(months([9, 8, 7, 6]))).toEqual([]);
    expect(quartersHidden(months([9, 4, 7, 6]))).toEqual([3, 4]);
  });

  it('are shown when their hidden months are five together', () => {
    expect(quartersHidden(months([2, 9, 3]))).toEqual([]);
    expect(quartersHidden(months([2, 9, 2]))).toEqual([3]);
  });

  it('are hidden when the difference to another one would tell a month', () => {
    // The second lacks 9 and has 4 instead, so that 4 is what it has more than the first without 9.
    expect(quartersHidden(months([9, 3, 3, 4]))).toEqual([4]);
    // Nothing but a difference of two hidden months follows.
    expect(quartersHidden(months([2, 3, 3, 4]))).toEqual([]);
  });

  it('tell no other count either', () => {
    expect(
      quartersHidden(
        months([
          [2, 6],
          [9, 9],
          [3, 0],
        ]),
      ),
    ).toEqual([]);
    expect(
      quartersHidden(
        months([
          [2, 1],
          [9, 9],
          [3, 1],
        ]),
      ),
    ).toEqual([3]);
  });

  it('that were shown before are shown still, and new ones are hidden instead', () => {
    const all = months([9, 3, 3, 4]);
    expect(quartersHidden(all)).toEqual([4]);
    const later = all.map((month, at) => ({
      ...month,
      isNew: at !== 3,
      windows: at < 2 ? null : month.windows,
    }));
    expect(quartersHidden(later)).toEqual([3]);
  });

  it('are hidden once a month of them is', () => {
    const grown = months([9, 8, 7]).map((month, at) => ({ ...month, isNew: false, hidden: at === 1 }));
    expect(quartersHidden(grown.map((month, at) => (at === 1 ? { ...month, counts: [3] } : month)))).toEqual([
      3,
    ]);
    expect(quartersHidden(grown)).toEqual([]);
  });

  it('stay hidden, and do not count among those that are known', () => {
    const all = months([9, 3, 3, 4]);
    const kept = all.map((month, at) => ({ ...month, windows: at === 2 ? new Set([3]) : month.windows }));
    expect(quartersHidden(kept)).toEqual([]);
  });

  it('tell no set of months a small count, whatever the months are', () => {
    const by = chance(7);
    for (let round = 0; round < 300; round++) {
      const all = months(Array.from({ length: 3 + by.below(8) }, () => by.pick([0, 1, 2, 3, 4, 6, 9])));
      const hidden = windowsToHide(all);
      const attacker = new Attacker();
      const of = (at: readonly number[]) => new Map(at.map((month) => [`${month}`, 1]));
      for (const at of all.keys()) {
        if (!all[at]!.hidden) attacker.learns(of([at]));
        if (at >= 2 && !hidden[at]!.includes(3)) attacker.learns(of([at - 2, at - 1, at]));
      }
      attacker.thinks(by.below);
      const small: string[] = [];
      for (let set = 1; set < 2 ** all.length; set++) {
        const chosen = [...all.keys()].filter((at) => (set >> at) % 2 === 1);
        const count = chosen.reduce((sum, at) => sum + all[at]!.counts[0]!, 0);
        if (count > 0 && count < 5 && attacker.knows(of(chosen))) small.push(`${set}: ${count}`);
      }
      expect([round, small]).toEqual([round, []]);
    }
  });
});

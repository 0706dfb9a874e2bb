import { KnownTotals } from './known-totals.js';

/** Places that were counted, and totals that count 1 for each place. */
function counting() {
  const totals = new KnownTotals(0);
  const counted: [number, number][] = [];
  const before = (until: number) =>
    totals.before(until, (total, from, to) => {
      counted.push([from, to]);
      return total + to - from;
    });
  return { before, counted };
}

describe('totals of a growing sequence', () => {
  it('are counted again from the last multiple only', async () => {
    const { before, counted } = counting();
    expect(await before(12_345)).toBe(12_345);
    counted.length = 0;
    expect(await before(12_400)).toBe(12_400);
    expect(await before(10_000)).toBe(10_000);
    expect(await before(9_999)).toBe(9_999);
    expect(await before(0)).toBe(0);
    expect(counted).toEqual([
      [10_000, 12_400],
      [5_000, 9_999],
    ]);
  });

  it('are right however they are asked, and counted at once by two', async () => {
    const { before } = counting();
    const asked = [7_000, 40_001, 3, 40_000, 25_000, 90_000, 61_234];
    expect(await Promise.all(asked.map(before))).toEqual(asked);
    expect(await Promise.all(asked.map(before))).toEqual(asked);
  });

  it('are kept for the newest places', async () => {
    const { before, counted } = counting();
    await before(3_000_000);
    counted.length = 0;
    expect(await before(3_000_001)).toBe(3_000_001);
    expect(counted).toEqual([[3_000_000, 3_000_001]]);
    expect(await before(1_000)).toBe(1_000);
  });
});

import { partitionOf } from './partition.js';

describe('the partition of a key', () => {
  it.each([
    // Computed by an independent implementation in another language.
    ['', 2, 11, 2872998923],
    ['patron-1', 2, 11, 2355717515],
    ['card-7Q', 1, 1, 4028483761],
    ['note', 1, 7, 2346695143],
    ['Ünïcødé', 2, 11, 5694851],
    ['😀', 0, 6, 1787143206],
  ])('of %j is fixed for ever', (key, ofThree, ofTwelve, whole) => {
    expect(partitionOf(key, 3)).toBe(ofThree);
    expect(partitionOf(key, 12)).toBe(ofTwelve);
    expect(partitionOf(key, 2 ** 32)).toBe(whole);
    expect(partitionOf(key, 1)).toBe(0);
  });

  it('is that of the key an item lies under', () => {
    for (let n = 0; n < 100; n++) {
      expect(partitionOf(`patron-${n}/loan-${n}/x`, 12)).toBe(partitionOf(`patron-${n}`, 12));
    }
  });

  it.each([
    ['numbered', (n: number) => `patron-${n}`],
    ['UUIDv7', (n: number) => `0193${n.toString(16).padStart(4, '0')}-7000-7000-8000-000000000000`],
    ['tokens', (n: number) => `card-${(n * 2654435761).toString(36)}`],
  ])('spreads %s keys evenly', (_, key) => {
    const counts = Array.from({ length: 12 }, () => 0);
    for (let n = 0; n < 12_000; n++) counts[partitionOf(key(n), 12)]!++;
    for (const count of counts) {
      expect(count).toBeGreaterThan(850);
      expect(count).toBeLessThan(1150);
    }
  });
});

import fc from 'fast-check';
import { addDifference, counted, KeptCounts } from './kept-counts.js';

const cells = fc.uniqueArray(fc.tuple(fc.constantFrom(...'abcdefghij'), fc.integer({ min: 1, max: 3 })), {
  selector: ([name]) => name,
});
const byName = (of: ReadonlyMap<string, number>) =>
  Object.fromEntries([...of].filter(([, n]) => n !== 0).sort());

it('the difference of two counts leads from one to the other, whatever their order', () => {
  fc.assert(
    fc.property(cells, cells, cells, (already, before, after) => {
      const sums = new Map(already);
      addDifference(sums, counted([new Map(before)]), counted([new Map(after)]));
      const expected = new Map(already);
      for (const [name, n] of before) expected.set(name, (expected.get(name) ?? 0) - n);
      for (const [name, n] of after) expected.set(name, (expected.get(name) ?? 0) + n);
      expect(byName(sums)).toEqual(byName(expected));
    }),
  );
});

it('the difference of two counts touches no cell that stands at the same end in both, and counts the same', () => {
  const sums = new Map<string, number>();
  const before = counted([new Map([['a', 1]]), new Map(Object.entries({ b: 2, c: 3 }))]);
  addDifference(sums, before, counted([new Map(Object.entries({ a: 1, x: 5, b: 4, c: 3 }))]));
  expect(Object.fromEntries(sums)).toEqual({ x: 5, b: 2 });
});

describe('kept counts', () => {
  const of = (size: number) => counted([new Map(Array.from({ length: size }, (_, n) => [`${n}`, 1]))]);

  it('are those that were set last, with no more cells than given', () => {
    const kept = new KeptCounts(10);
    kept.set('ada', of(4));
    kept.set('bob', of(4));
    kept.set('ada', of(5));
    expect(['ada', 'bob'].map((row) => kept.get(row)?.names.length)).toEqual([5, 4]);
    kept.set('eve', of(2));
    expect(['ada', 'bob', 'eve'].map((row) => kept.get(row)?.names.length)).toEqual([5, undefined, 2]);
  });

  it('are none of what is larger than all', () => {
    const kept = new KeptCounts(10);
    kept.set('ada', of(11));
    expect(kept.get('ada')).toBeUndefined();
    kept.set('bob', of(10));
    expect(kept.get('bob')?.names.length).toBe(10);
  });

  it('make room when they are forgotten', () => {
    const kept = new KeptCounts(10);
    kept.set('ada', of(6));
    kept.delete('ada');
    kept.delete('nobody');
    kept.set('bob', of(6));
    kept.set('eve', of(4));
    expect([kept.get('bob'), kept.get('eve')]).toEqual([of(6), of(4)]);
  });
});

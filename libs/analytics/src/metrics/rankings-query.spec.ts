import { peersOf, ranked } from './rankings-query.js';

const items = (values: readonly (number | null)[]) =>
  values.map((value, at) => ({ scope: `branch:${at}`, name: '', value }));

describe('the order of a ranking', () => {
  it('leaves out the ranks that ties share', () => {
    const ranks = (values: readonly (number | null)[], best: 'highest' | 'lowest') =>
      ranked(items(values), best).map(({ rank, value }) => [rank, value]);
    expect(ranks([1, 3, 3, null, 2, 3], 'highest')).toEqual([
      ...[
        [1, 3],
        [1, 3],
        [1, 3],
        [4, 2],
        [5, 1],
      ],
      [null, null],
    ]);
    expect(ranks([0.5, null, -1, 0.5], 'lowest')).toEqual([
      [1, -1],
      [2, 0.5],
      [2, 0.5],
      [null, null],
    ]);
    expect(ranks([], 'highest')).toEqual([]);
    expect(ranks([null], 'lowest')).toEqual([[null, null]]);
  });

  it('is the same whatever the order before', () => {
    const all = items([2, 1, 2, null, null, 3]);
    expect(ranked(all.toReversed(), 'highest')).toEqual(ranked(all, 'highest'));
  });
});

describe('the median of the others', () => {
  it('is that of five or more, rounded half up to six decimals', () => {
    expect(peersOf([5, 1, 4, 2])).toBeNull();
    expect(peersOf([5, 1, 4, 2, 3])).toEqual({ median: 3, count: 5 });
    expect(peersOf([5, 1, 4, 2, 3, 100])).toEqual({ median: 3.5, count: 6 });
    expect(peersOf([0, 0, 0.333333, 0.333334, 1, 1])).toEqual({ median: 0.333334, count: 6 });
    expect(peersOf([-3, -2, -0.000001, 0, 4, 5])).toEqual({ median: 0, count: 6 });
    expect(peersOf([1, 1, 900_719_925_474_099, 900_719_925_474_099, 9e15, 9e15])?.median).toBe(
      900_719_925_474_099,
    );
  });
});

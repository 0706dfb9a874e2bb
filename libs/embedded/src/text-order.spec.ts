import { afterPrefix, before, disjoint, plainStart } from './text-order.js';

it('bounds a prefix by the next text in code point order', () => {
  expect(afterPrefix('ab')).toBe('ac');
  expect(afterPrefix('a\ud7ff')).toBe('a\ue000');
  expect(afterPrefix('a\u{10ffff}')).toBe('b');
  expect(afterPrefix('\u{10ffff}')).toBeNull();
  expect(afterPrefix('')).toBeNull();
});

it('cuts a text where the order of code units leaves that of code points', () => {
  expect(plainStart('a/b')).toBe('a/b');
  expect(plainStart('a/\uffff')).toBe('a/');
  expect(plainStart('a/𝒳')).toBe('a/');
});

it('orders by code points', () => {
  expect(before('\uffff', '𝒳')).toBe(true);
  expect('\uffff' < '𝒳').toBe(false);
});

it('joins ranges that overlap into pairs of bounds that do not', () => {
  const pairs = (...ranges: [from: string, to: string][]) =>
    disjoint(ranges.map(([from, to]) => ({ from, to })));
  expect(pairs(['c', 'd'], ['a', 'b'])).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(pairs(['a', 'c'], ['b', 'd'], ['a', 'aa'], ['x', 'a'])).toEqual([['a', 'd']]);
  expect(pairs(['k/😀', 'k/～'], ['k/a', 'k/b'])).toEqual([['k/', 'k0']]);
  expect(pairs(['b', '\uffff'], ['c', 'd'])).toEqual([['b', null]]);
});

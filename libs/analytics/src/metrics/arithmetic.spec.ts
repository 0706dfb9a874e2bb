import { npsInterval, ratio, wilson } from './arithmetic.js';

describe('one division of integers', () => {
  it('is rounded half up to six decimals', () => {
    expect(ratio(1, 3)).toBe(0.333333);
    expect(ratio(2, 3)).toBe(0.666667);
    expect(ratio(1, 2_000_000)).toBe(0.000001);
    expect(ratio(1, 2_000_001)).toBe(0);
  });

  it('rounds negative halves up too', () => {
    expect(ratio(-1, 2_000_000)).toBe(0);
    expect(Object.is(ratio(-1, 2_000_000), -0)).toBe(false);
    expect(ratio(-3, 2_000_000)).toBe(-0.000001);
    expect(ratio(-2, 3)).toBe(-0.666667);
    expect(ratio(-100, 3)).toBe(-33.333333);
  });

  it('is exact where floating point is not', () => {
    expect((10_050_005 / 10_000_000).toFixed(6)).toBe('1.005000');
    expect(ratio(10_050_005, 10_000_000)).toBe(1.005001);
    expect(ratio(2 ** 53 - 1, 2 ** 53)).toBe(1);
  });

  it('is null when there is nothing to divide by, and 0 for nothing of something', () => {
    expect(ratio(0, 0)).toBeNull();
    expect(ratio(5, 0)).toBeNull();
    expect(ratio(0, 7)).toBe(0);
  });
});

describe('the 95 % interval', () => {
  it('of a share is Wilson’s', () => {
    expect(wilson(8, 10)).toEqual({ low: 0.490162, high: 0.943318 });
    expect(wilson(0, 10)).toEqual({ low: 0, high: 0.277533 });
    expect(wilson(10, 10)).toEqual({ low: 0.722467, high: 1 });
  });

  it('of an NPS follows from its standard error', () => {
    const { low, high } = npsInterval(6, 2, 10);
    expect(low).toBeCloseTo(40 - 196 * Math.sqrt(0.64 / 10) * (1.959963984540054 / 1.96), 5);
    expect(high).toBeCloseTo(40 + 196 * Math.sqrt(0.64 / 10) * (1.959963984540054 / 1.96), 5);
    expect(npsInterval(5, 0, 5)).toEqual({ low: 100, high: 100 });
  });
});

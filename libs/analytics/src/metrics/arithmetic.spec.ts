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

  it('of an NPS ends where the scale ends', () => {
    expect(npsInterval(1, 0, 2)).toEqual({ low: -19.295191, high: 100 });
    expect(npsInterval(0, 1, 2)).toEqual({ low: -100, high: 19.295191 });
  });

  it('lies on the scale and around its figure, for few responses and for many', () => {
    const off: string[] = [];
    const check = (what: string, low: number, value: number, high: number, least: number, most: number) => {
      if (!(least <= low && low <= value && value <= high && high <= most))
        off.push(`${what}: ${low} ${value} ${high}`);
    };
    const nps = (p: number, d: number, n: number) => {
      const { low, high } = npsInterval(p, d, n);
      check(`nps ${p} ${d} ${n}`, low, ratio(100 * (p - d), n)!, high, -100, 100);
    };
    const share = (part: number, n: number) => {
      const { low, high } = wilson(part, n);
      check(`share ${part} ${n}`, low, ratio(part, n)!, high, 0, 1);
    };
    for (let n = 1; n <= 60; n++) {
      for (let p = 0; p <= n; p++) {
        share(p, n);
        for (let d = 0; d <= n - p; d++) nps(p, d, n);
      }
    }
    for (const n of [997, 99_991, 999_999_937]) {
      for (let k = 0; k <= 300; k++) {
        const p = Math.floor((n * k) / 300);
        share(p, n);
        nps(p, n - p, n);
        nps(Math.min(k, n), 0, n);
      }
    }
    expect(off).toEqual([]);
  });
});

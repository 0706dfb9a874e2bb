import { interactionKinds } from '@readership/contracts';
import { boardMetrics, metrics, type Span } from './definitions.js';
import type { FigureCounts } from './figure-counts.js';

const january = 2024 * 12;

/** A scope in which every count of a month is the month's number, counted from January 2024. */
const counting: FigureCounts = {
  windowMonths: 12,
  people: {
    stock: (measure, months) => months.map((m) => (measure === 'kept' ? 1 : m - january + 21)),
    flow: (_, months) => months.map((m) => m - january + 1),
    lostReasons: (months) =>
      months.map((m) => ({ lapsed: m - january + 1, expired: 1, closed: 0, erased: 0 })),
    moved: (months) => ({ in: months.map(() => 2), out: months.map(() => 1), within: months.map(() => 0) }),
    window: (measure, length, months) => months.map((m) => (measure === 'users' ? length : m - january + 1)),
  },
  quantities: (kinds, months) => months.map(() => kinds.length * 10),
  interactions: (kinds, months) => months.map(() => kinds.length),
  scores: (item, months) =>
    item === 'nps'
      ? [
          { score: 6, counts: months.map(() => 2) },
          { score: 8, counts: months.map(() => 0) },
          { score: 9, counts: months.map(() => 1) },
        ]
      : [],
  testimonials: (months) => months.map(() => 3),
  costs: {
    currencies: () => ['EUR'],
    minor: (months) => months.map(() => 100),
    entries: (months) => months.map((m) => (m === january ? 1 : 0)),
    covered: (months) => months.map((m) => ({ with: m === january ? 2 : 0, of: 3 })),
  },
};

const quarter: Span = { months: [january, january + 1, january + 2], end: january + 2, length: 3 };
/** A year of which two months have begun. */
const running: Span = { months: [january, january + 1], end: january + 11, length: 12 };

const of = async (name: string, ...spans: Span[]) => metrics[name]!.figures(counting, spans);

describe('over a period', () => {
  it('a flow is the sum of its months, of those that have begun', async () =>
    expect(await of('new-readers', quarter, running)).toEqual([
      { value: 6, n: 6 },
      { value: 3, n: 3 },
    ]));

  it('a stock is that of the last month that has begun', async () =>
    expect(await of('active-readers', quarter, running)).toEqual([
      { value: 23, n: 23 },
      { value: 22, n: 22 },
    ]));

  it('losses add up by reason', async () =>
    expect(await of('lost-readers', quarter, running)).toEqual([
      { value: 9, n: 9, reasons: { lapsed: 6, expired: 3, closed: 0, erased: 0 } },
      { value: 5, n: 5, reasons: { lapsed: 3, expired: 2, closed: 0, erased: 0 } },
    ]));

  it('retention is that of its last month, a window after who was active', async () => {
    expect(await of('retention', quarter)).toEqual([
      { value: 0.090909, n: 11, numerator: 1, denominator: 11 },
    ]);
    expect(await of('churn', quarter)).toEqual([{ value: 0.909091, n: 11, numerator: 10, denominator: 11 }]);
  });

  it('frequency looks at the whole period up to its end', async () => {
    expect(await of('frequency', quarter)).toEqual([{ value: 1, n: 3, numerator: 3, denominator: 3 }]);
    expect(await of('frequency', running)).toEqual([{ value: 1, n: 12, numerator: 12, denominator: 12 }]);
  });

  it('costs are divided once, by readers at its end or by what happened in it, and say what they cover', async () => {
    const covered = { with: 2, of: 9 };
    expect(await of('cost-per-reader', quarter)).toEqual([
      { value: 13.043478, n: 23, numerator: 300, denominator: 23, covered },
    ]);
    expect(await of('cost-per-visit', quarter)).toEqual([
      { value: 10, n: 3, numerator: 300, denominator: 30, covered },
    ]);
    const among = interactionKinds.length;
    expect(await of('cost-per-interaction', quarter)).toEqual([
      { value: 0.666667, n: 3 * among, numerator: 300, denominator: 30 * among, covered },
    ]);
  });

  it('without entries there is no cost, without answers no score', async () => {
    const february: Span = { months: [january + 1], end: january + 1, length: 1 };
    expect(await of('cost-per-visit', february)).toMatchObject([
      { value: null, covered: { with: 0, of: 3 } },
    ]);
    expect(await of('csat', february)).toEqual([
      { value: null, n: 0, numerator: 0, denominator: 0, mean: null },
    ]);
  });

  it('an NPS may be negative', async () =>
    expect(await of('nps', quarter)).toMatchObject([
      { value: -33.333333, n: 9, numerator: -3, denominator: 9 },
    ]));
});

describe('the metrics', () => {
  it('hold the board’s six', () => expect(boardMetrics.every(({ name }) => name in metrics)).toBe(true));

  it('hold a volume for every kind of interaction', () =>
    expect(Object.values(metrics).filter(({ family }) => family === 'volumes')).toHaveLength(
      interactionKinds.length + 1,
    ));
});

import {
  compared,
  nameOf,
  parseMonth,
  periodsOf,
  TooManyPoints,
  twelveMonthsTo,
  type Grain,
} from './periods.js';

const names = (from: string, to: string, grain: Grain, yearStart: number | 'calendar' = 'calendar') =>
  periodsOf(parseMonth(from, 'from'), parseMonth(to, 'to'), grain, yearStart).map(({ name }) => name);

describe('periods', () => {
  it('are the months from..to', () =>
    expect(names('2023-11', '2024-02', 'month')).toEqual(['2023-11', '2023-12', '2024-01', '2024-02']));

  it('widen to whole quarters and years', () => {
    expect(names('2023-11', '2024-02', 'quarter')).toEqual(['2023-Q4', '2024-Q1']);
    expect(names('2023-11', '2024-02', 'year')).toEqual(['2023', '2024']);
  });

  it('of a fiscal year are named by the year of its first month', () => {
    expect(names('2024-03', '2024-04', 'year', 4)).toEqual(['FY2023', 'FY2024']);
    expect(periodsOf(parseMonth('2024-05', 'from'), parseMonth('2024-05', 'to'), 'year', 4)[0]).toEqual({
      name: 'FY2024',
      first: 2024 * 12 + 3,
      last: 2025 * 12 + 2,
    });
    expect(names('2024-03', '2024-03', 'year', 1)).toEqual(['FY2024']);
  });

  it('are at most 240', () => {
    expect(names('2000-01', '2019-12', 'month')).toHaveLength(240);
    expect(() => names('2000-01', '2020-01', 'month')).toThrow(TooManyPoints);
  });

  it('are compared with as many just before, or with the same a year before', () => {
    const quarters = periodsOf(2024 * 12, 2024 * 12 + 5, 'quarter', 'calendar');
    const rename = (first: number) => nameOf(first, 'quarter', false);
    expect(compared(quarters, 'previous', rename).map(({ name }) => name)).toEqual(['2023-Q3', '2023-Q4']);
    expect(compared(quarters, 'year', rename).map(({ name }) => name)).toEqual(['2023-Q1', '2023-Q2']);
  });

  it('of twelve months are named by both ends', () =>
    expect(twelveMonthsTo(2024 * 12 + 4).name).toBe('2023-06/2024-05'));

  it('refuse what is no month and what ends before it begins', () => {
    expect(() => names('2024-13', '2024-12', 'month')).toThrow('BAD_MONTH');
    expect(() => names('1899-12', '2024-12', 'month')).toThrow('BAD_MONTH');
    expect(() => names('2024-02', '2024-01', 'month')).toThrow('FROM_AFTER_TO');
  });
});

import { askedDays } from './asked-days.js';

describe('the days that a list is about', () => {
  it.each([
    ['2024-02', '2024-02', '2024-02-01', '2024-02-29'],
    ['2024-02-10', '2024-02-10', '2024-02-10', '2024-02-10'],
    [undefined, '2023-12', undefined, '2023-12-31'],
    ['2023-12', undefined, '2023-12-01', undefined],
    [undefined, undefined, undefined, undefined],
  ])('of %s to %s are %s to %s', (from, to, first, last) =>
    expect(askedDays(from, to)).toEqual({ first, last }),
  );

  it.each([
    ['2024-13', undefined, 'BAD_DATE'],
    ['2024-02-30', undefined, 'BAD_DATE'],
    [undefined, '2024', 'BAD_DATE'],
    [undefined, '', 'BAD_DATE'],
    ['1899-12', undefined, 'DATE_TOO_EARLY'],
    [undefined, '9999-12', 'DATE_IN_FUTURE'],
    ['2024-03', '2024-02', 'FROM_AFTER_TO'],
  ])('of %s to %s are refused with %s', (from, to, code) =>
    expect(() => askedDays(from, to)).toThrow(expect.objectContaining({ code })),
  );
});

import { beginningOf, monthIn } from './months.js';

describe('the month of an instant', () => {
  it('is that of the time zone', () => {
    expect(monthIn('UTC')('2024-02-29T23:59:59.999Z')).toBe('2024-02');
    expect(monthIn('Pacific/Auckland')('2024-02-29T11:00:00.000Z')).toBe('2024-03');
    expect(monthIn('America/New_York')('2024-03-01T04:59:59.999Z')).toBe('2024-02');
  });

  it('turns at the first instant of the month', () => {
    for (const timeZone of ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Kiritimati']) {
      const first = beginningOf(2024 * 12 + 2, timeZone);
      const of = monthIn(timeZone);
      expect(of(new Date(first).toISOString())).toBe('2024-03');
      expect(of(new Date(first - 1).toISOString())).toBe('2024-02');
    }
  });
});

import { Temporal } from 'temporal-polyfill';
import {
  epochDay,
  epochDayOf,
  firstDayOf,
  isoMonth,
  monthOf,
  monthOfDay,
  monthsAfter,
} from './days-and-months.js';
import { localDay } from './local-day.js';

describe('the local day of an instant', () => {
  it('turns at midnight in the time zone', () => {
    const berlin = localDay('Europe/Berlin');
    expect(berlin('2024-03-30T22:59:59.999Z')).toBe(epochDayOf('2024-03-30'));
    expect(berlin('2024-03-30T23:00:00.000Z')).toBe(epochDayOf('2024-03-31'));
    expect(berlin('2024-03-31T21:59:59.999Z')).toBe(epochDayOf('2024-03-31'));
    expect(berlin('2024-03-31T22:00:00.000Z')).toBe(epochDayOf('2024-04-01'));
  });

  it('may turn within an hour of UTC', () => {
    const kolkata = localDay('Asia/Kolkata');
    expect(kolkata('2024-03-31T18:29:59.999Z')).toBe(epochDayOf('2024-03-31'));
    expect(kolkata('2024-03-31T18:30:00.000Z')).toBe(epochDayOf('2024-04-01'));
  });

  it('may go back: in St. John’s, 4 November 2007 began, ended after a minute and began again', () => {
    const stJohns = localDay('America/St_Johns');
    const days = ['02:29', '02:30', '02:31', '03:30', '03:31'].map((at) =>
      stJohns(`2007-11-04T${at}:00.000Z`),
    );
    expect(days.map((day) => day - epochDayOf('2007-11-03'))).toEqual([0, 1, 0, 1, 1]);
  });

  it.each([
    'UTC',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Africa/Monrovia',
    'Pacific/Apia',
    'America/Sao_Paulo',
  ])('is that of Temporal in %s, whichever hour was asked before', (zone) => {
    const dayOf = localDay(zone);
    for (let n = 0; n < 2000; n++) {
      const hour = Date.UTC(1901, 0) + ((n * 7_919_333) % 1_100_000) * 3_600_000;
      for (const ms of [0, 1_799_999, 1_800_000, 3_599_999]) {
        const instant = new Date(hour + ms).toISOString();
        const day = Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString();
        if (dayOf(instant) !== epochDayOf(day)) throw new Error(`${instant} in ${zone} is on ${day}`);
      }
    }
  });

  it('is refused in a time zone that nobody knows', () => {
    expect(() => localDay('Europe/Atlantis')).toThrow(RangeError);
  });
});

describe('the calendar in whole numbers', () => {
  it('counts days like the calendar of Date', () => {
    for (let day = -30_000; day < 60_000; day += 1) {
      const iso = new Date(day * 86_400_000).toISOString();
      if (epochDayOf(iso) !== day) throw new Error(iso);
      if (isoMonth(monthOfDay(day)) !== iso.slice(0, 7)) throw new Error(iso);
    }
    expect(epochDay(1970, 1, 1)).toBe(0);
  });

  it('begins a month on its first day', () => {
    expect(firstDayOf(monthOf('2024-03'))).toBe(epochDayOf('2024-03-01'));
  });

  it('goes over the turn of the year', () => {
    expect(monthsAfter('2023-11', 3)).toBe('2024-02');
    expect(monthsAfter('2024-01', -12)).toBe('2023-01');
  });
});

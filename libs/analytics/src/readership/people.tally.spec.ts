import { defaultPolicy } from '@readership/contracts';
import { epochDayOf, isoMonth } from '../calendar/days-and-months.js';
import type { CountsOf } from '../calendar/fold-cells.js';
import { everywhere } from '../calendar/monthly.js';
import { peopleCounts } from './people.js';
import { people } from './people.tally.js';
import type { ReaderActivity } from './reader-activity.projection.js';

const tally = people(defaultPolicy);
const on = epochDayOf;
const reader = (row: Partial<ReaderActivity>): ReaderActivity => ({
  registered: true,
  enrolled: null,
  homes: [[null, 'NORTH']],
  membership: [],
  days: [],
  counts: (row.days ?? []).map(() => 1),
  ...row,
});
/** The nth month after January 2020. */
const month = (n: number) => isoMonth(2020 * 12 + n);
const months = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => month(from + n));

function readOf(row: ReaderActivity) {
  const counted = tally.cells(row);
  const countsOf: CountsOf = (_, prefix) =>
    new Map(
      [...counted].flatMap(([name, n]) =>
        name.startsWith(`${prefix}|`) ? [[name.slice(prefix.length + 1), n]] : [],
      ),
    );
  return peopleCounts(countsOf, 'any');
}

/** The months among 0–39 in which the only reader counts. */
async function when(
  row: ReaderActivity,
  measure: Parameters<ReturnType<typeof readOf>['stock']>[0],
  branch = 'NORTH',
) {
  const series = await readOf(row).stock(measure, [branch], months(0, 39));
  return series.flatMap((value, m) => (value === 1 ? [m] : []));
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('the worked example: enrolled in month 0, used in 0 and in 20, 12 months', () => {
  const row = reader({ enrolled: on('2020-01-05'), days: [on('2020-01-20'), on('2021-09-09')] });

  it('is current 0–11 and 20–31', async () => {
    expect(await when(row, 'current')).toEqual([...range(0, 11), ...range(20, 31)]);
  });

  it('is new in 0, lost in 12, reactivated in 20, lost in 32', async () => {
    const cells = tally.cells(row);
    expect(cells.get(`new|NORTH|${month(0)}`)).toBe(1);
    expect(cells.get(`lost-lapsed|NORTH|${month(12)}`)).toBe(1);
    expect(cells.get(`reactivated|NORTH|${month(20)}`)).toBe(1);
    expect(cells.get(`lost-lapsed|NORTH|${month(32)}`)).toBe(1);
    expect(await readOf(row).flow('lost', ['NORTH'], [month(32), month(13), month(12)])).toEqual([1, 0, 1]);
  });

  it('is active 0–11 and 20–31, retained 20–23, returned 24–31', async () => {
    expect(await when(row, 'active')).toEqual([...range(0, 11), ...range(20, 31)]);
    expect(await when(row, 'newly-active')).toEqual(range(0, 11));
    expect(await when(row, 'retained')).toEqual(range(20, 23));
    expect(await when(row, 'returned')).toEqual(range(24, 31));
  });
});

describe('people', () => {
  it('are nobody while provisional', () => {
    expect(tally.cells(reader({ registered: false, homes: [], days: [on('2020-01-01')] })).size).toBe(0);
  });

  it('are nobody without enrolment and use', () => {
    expect(tally.cells(reader({})).size).toBe(0);
  });

  it('have no use on a day of which only the withdrawal is known yet', () => {
    const early = tally.cells(reader({ days: [on('2020-01-01'), on('2020-03-01')], counts: [-1, 2] }));
    expect(early).toEqual(tally.cells(reader({ days: [on('2020-03-01')], counts: [2] })));
  });

  it('enter and are lost at once when they come and leave within a month', async () => {
    const row = reader({ enrolled: on('2020-03-02'), membership: [[on('2020-03-30'), 'not-renewed']] });
    expect(await when(row, 'current')).toEqual([]);
    expect(await readOf(row).flow('new', ['NORTH'], [month(2)])).toEqual([1]);
    expect(await readOf(row).lostReasons(['NORTH'], [month(2)])).toEqual([
      { lapsed: 0, expired: 1, closed: 0, erased: 0 },
    ]);
  });

  it('stay active after a closure, and are reactivated by a reopening', async () => {
    const row = reader({
      days: [on('2020-01-10')],
      membership: [
        [on('2020-04-01'), 'deceased'],
        [on('2020-06-30'), 'open'],
      ],
    });
    expect(await when(row, 'current')).toEqual([0, 1, 2, ...range(5, 11)]);
    expect(await when(row, 'active')).toEqual(range(0, 11));
    expect(await readOf(row).lostReasons(['NORTH'], [month(3)])).toEqual([
      { lapsed: 0, expired: 0, closed: 1, erased: 0 },
    ]);
    expect(await readOf(row).flow('reactivated', ['NORTH'], [month(5)])).toEqual([1]);
  });

  describe('who move from NORTH to SOUTH in month 2', () => {
    const row = reader({
      homes: [
        [null, 'NORTH'],
        [on('2020-03-31'), 'SOUTH'],
      ],
      days: [on('2020-01-10'), on('2020-02-01'), on('2020-02-02'), on('2020-03-01')],
      counts: [4, 1, 1, 1],
    });

    it('are current where they are at home at the end of the month', async () => {
      expect(await when(row, 'current')).toEqual([0, 1]);
      expect(await when(row, 'current', 'SOUTH')).toEqual(range(2, 13));
    });

    it('leave one scope and join another, but not one that holds both', async () => {
      const { moved } = readOf(row);
      expect(await moved(['NORTH'], months(1, 3))).toEqual({
        in: [0, 0, 0],
        out: [0, 1, 0],
        within: [0, 0, 0],
      });
      expect(await moved(['SOUTH'], months(1, 3))).toEqual({
        in: [0, 1, 0],
        out: [0, 0, 0],
        within: [0, 0, 0],
      });
      expect(await moved(['NORTH', 'SOUTH'], months(1, 3))).toEqual({
        in: [0, 0, 0],
        out: [0, 0, 0],
        within: [0, 1, 0],
      });
    });

    it('take their use in a window with them', async () => {
      const { window } = readOf(row);
      expect(await window('uses', 1, ['NORTH'], months(0, 3))).toEqual([4, 2, 0, 0]);
      expect(await window('uses', 3, ['NORTH'], months(0, 3))).toEqual([4, 6, 0, 0]);
      expect(await window('uses', 3, ['SOUTH'], months(1, 5))).toEqual([0, 7, 3, 1, 0]);
      expect(await window('visit-days', 12, ['SOUTH'], [month(13), month(11)])).toEqual([1, 4]);
      expect(await window('users', 3, ['NORTH', 'SOUTH'], months(0, 5))).toEqual([1, 1, 1, 1, 1, 0]);
    });
  });

  it('who are kept count for the branch that had them a window before', async () => {
    const row = reader({
      homes: [
        [null, 'NORTH'],
        [on('2020-06-01'), 'SOUTH'],
      ],
      days: [on('2020-01-10'), on('2021-01-10')],
    });
    expect(await when(row, 'retained', 'SOUTH')).toEqual(range(12, 23));
    expect(await when(row, 'kept')).toEqual(range(12, 16));
    expect(await when(row, 'kept', 'SOUTH')).toEqual(range(17, 23));
  });

  it('cost a few cells however long they stay unused', () => {
    expect(people(defaultPolicy, false).cells(reader({ enrolled: on('1950-01-01') })).size).toBe(4);
    expect(tally.cells(reader({ enrolled: on('1950-01-01') })).size).toBe(8);
  });

  it('count in the consortium wherever they move, and their moves do not', () => {
    const days = [on('2020-01-10'), on('2020-02-01'), on('2020-12-01')];
    const stayed = readOf(reader({ days }));
    const homes: ReaderActivity['homes'] = [
      [null, 'NORTH'],
      [on('2020-03-31'), 'SOUTH'],
      [on('2020-06-01'), 'EAST'],
    ];
    const moved = readOf(reader({ days, homes }));
    const all = months(0, 39);
    for (const measure of ['current', 'active', 'retained', 'returned', 'newly-active', 'kept'] as const) {
      const wanted = stayed.stock(measure, ['NORTH'], all);
      expect([measure, moved.stock(measure, [everywhere], all)]).toEqual([measure, wanted]);
    }
    for (const measure of ['uses', 'users', 'visit-days'] as const) {
      for (const length of [1, 3, 12] as const) {
        const wanted = stayed.window(measure, length, ['NORTH'], all);
        expect([measure, moved.window(measure, length, [everywhere], all)]).toEqual([measure, wanted]);
      }
    }
    expect(moved.flow('lost', [everywhere], all)).toEqual(stayed.flow('lost', ['NORTH'], all));
    const none = all.map(() => 0);
    expect(moved.moved([everywhere], all)).toEqual({ in: none, out: none, within: none });
  });
});

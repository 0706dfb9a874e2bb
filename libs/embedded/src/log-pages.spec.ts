import type { LogRecord, NewRecord } from '@readership/kernel';
import { createLogTables } from './schema.js';
import { openDriver, type SqlDriver } from './sql-driver.js';
import { SqliteEventLog } from './sqlite-event-log.js';
import { DirectWriter } from './writer.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const recordAt = (context: string, position: number, body = '{"n":1}'): NewRecord => ({
  ...{ partition: 1, context, position, key: 'Zoë "Q"\n', type: 'Came', schema: 1, stream: 's', body },
  ...{ id: `${context}-${position}`, time: 't', recordedAt: 'r', actor: 'a' },
  ...(position % 3 === 0 ? { traceparent } : {}),
  ...(position % 2 === 0 ? { correlationId: 'c', causationId: 'd' } : {}),
});

let driver: SqlDriver;
let log: SqliteEventLog;
/** Another connection, which has published nothing itself and reads what is stored. */
const reader = () => new SqliteEventLog(driver, new DirectWriter(driver), 3, () => undefined);

beforeEach(() => {
  driver = openDriver(':memory:');
  createLogTables(driver, 3);
  log = reader();
});
afterEach(() => driver.close());

/** Publishes records of a context at the positions after `from`. Returns them as they are read. */
async function publish(context: string, from: number, count: number, offset: number, body?: string) {
  const records = Array.from({ length: count }, (_, i) => recordAt(context, from + 1 + i, body));
  expect(await log.publish(context, 1, from, from + count, records)).toBe('published');
  return records.map((record, i): LogRecord => ({ ...record, offset: offset + i, previous: from + i }));
}

const pages = () =>
  driver
    .prepare('SELECT id, count, typeof(body) FROM pages ORDER BY id')
    .all([])
    .map(([id, count, type]) => [(id as number) - 2 ** 40, count, type]);

it('records come to lie in pages of fifty, the last of which is not compressed', async () => {
  const first = await publish('people', 0, 30, 1);
  const second = await publish('loans', 0, 45, 31);
  const third = await publish('people', 30, 75, 76);
  expect(pages()).toEqual([
    [1, 50, 'blob'],
    [51, 50, 'blob'],
    [101, 50, 'blob'],
  ]);
  const fourth = await publish('loans', 45, 1, 151);
  const fifth = await publish('loans', 46, 1, 152);
  expect(pages().slice(3)).toEqual([[151, 2, 'text']]);
  const all = [...first, ...second, ...third, ...fourth, ...fifth];
  for (const each of [log, reader()]) {
    expect(each.read(1, 0, 1_000)).toEqual(all);
    for (const after of [1, 49, 50, 51, 99, 149, 151])
      expect(each.read(1, after, 60)).toEqual(all.slice(after, after + 60));
    expect(each.read(1, 152, 10)).toEqual([]);
    expect([each.read(0, 0, 10), each.read(2, 0, 10)]).toEqual([[], []]);
    expect(await each.ends()).toEqual([0, 152, 0]);
  }
});

it('a page of large records is compressed sooner', async () => {
  const large = JSON.stringify({ text: 'x'.repeat(40_000) });
  const all = await publish('people', 0, 5, 1, large);
  expect(pages()).toEqual([
    [1, 2, 'blob'],
    [3, 2, 'blob'],
    [5, 1, 'text'],
  ]);
  expect(reader().read(1, 0, 10)).toEqual(all);
});

it('an account counts up to any offset', async () => {
  await publish('people', 0, 60, 1);
  await publish('loans', 0, 70, 61);
  for (const through of [0, 1, 50, 60, 61, 100, 129, 130, 500, undefined]) {
    const counts = await reader().account(1, through);
    const end = Math.min(through ?? 130, 130);
    const expected = [
      { context: 'people', type: 'Came', records: Math.min(end, 60) },
      { context: 'loans', type: 'Came', records: Math.max(0, end - 60) },
    ];
    expect(counts).toEqual(expected.filter(({ records }) => records > 0));
  }
});

it('an account of more than five thousand records is remembered to a place at which a page ends', async () => {
  for (let from = 0; from < 11_000; from += 2_200) await publish('people', from, 2_200, from + 1);
  const other = reader();
  for (const through of [undefined, 4_999, 5_000, 5_001, 10_020, undefined])
    expect(await other.account(1, through)).toEqual([
      { context: 'people', type: 'Came', records: through ?? 11_000 },
    ]);
});

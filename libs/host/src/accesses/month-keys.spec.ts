import { memoryAdapters } from '@readership/embedded';
import type { Adapters, EventStore, Publish } from '@readership/kernel';
import { MonthKeys, monthBefore, oldestMonth } from './month-keys.js';
import { withHostEvents } from '../operations.js';

const publish: Publish<any> = withHostEvents(() => ({ key: '', fact: null }));
const meta = (at: string) => ({ commandId: 'c', at, actor: 'admin' });

let adapters: Adapters;
let store: EventStore;
beforeEach(() => {
  adapters = memoryAdapters();
  store = adapters.eventStore('feedback', publish);
});
afterEach(() => adapters.close());

it('counts months back over the years', () => {
  expect([monthBefore('2024-03', 0), monthBefore('2024-03', 3), monthBefore('2024-03', 27)]).toEqual([
    ...['2024-03', '2023-12', '2021-12'],
  ]);
  expect(oldestMonth('2026-02-28T23:59:59.999Z')).toBe('2024-02');
});

it('two processes that begin a month at once have one key', async () => {
  const keys = Array.from({ length: 5 }, () => new MonthKeys(store));
  const made = await Promise.all(keys.map((one) => one.toWrite(meta('2024-03-01T00:00:00.000Z'))));
  expect(new Set(made.map(String)).size).toBe(1);
  expect(await keys[0]!.toRead('2024-04')).toBeNull();
});

it('a forgotten month has no key, in a process that knew it as in one that did not', async () => {
  const keys = new MonthKeys(store);
  for (const month of ['2014-04', '2024-03', '2024-04'])
    await keys.toWrite(meta(`${month}-01T00:00:00.000Z`));
  for (let again = 0; again < 2; again++) await keys.forgetBefore('2026-04-01T00:00:00.000Z');
  for (const reader of [keys, new MonthKeys(store)]) {
    expect(await reader.toRead('2014-04')).toBeNull();
    expect(await reader.toRead('2024-03')).toBeNull();
    expect(await reader.toRead('2024-04')).not.toBeNull();
  }
});

it('a month whose data key was lost goes on with another key', async () => {
  const at = '2024-03-01T00:00:00.000Z';
  const before = await new MonthKeys(store).toWrite(meta(at));
  await store.destroyKeys(['accesses-2024-03']);
  const after = await new MonthKeys(store).toWrite(meta(at));
  expect(after).not.toEqual(before);
  expect(await new MonthKeys(store).toRead('2024-03')).toEqual(after);
});

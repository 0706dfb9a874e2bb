import { memoryAdapters } from '@readership/embedded';
import type { Adapters, EventStore, Publish, Stored } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { actsOfActor, beginningOf, type ActorScan, type ScanPlace } from './acts-of-actor.js';
import { periodOf } from './period.js';

const publish: Publish<any> = (_event, stream) => ({ key: stream, fact: null });
const beginning = Date.parse('2024-03-01T00:00:00.000Z');
const minute = (n: number) => new Date(beginning + n * 60_000).toISOString();

let adapters: Adapters;
let store: EventStore;
beforeEach(() => {
  adapters = memoryAdapters({ partitions: 3 });
  store = adapters.eventStore('feedback', publish);
});
afterEach(() => adapters.close());

/** Records an event each minute; every tenth is of `leaked`, and says that it was recorded a few seconds earlier. */
async function record(count: number): Promise<void> {
  const commits = Array.from({ length: count }, (_, n) => ({
    stream: `note-${n}`,
    expectedVersion: 0,
    events: [{ type: n % 20 === 0 ? 'Noted' : 'Counted', data: { n }, personal: { name: `reader ${n}` } }],
    meta: {
      commandId: `c${n}`,
      at: n % 10 === 0 ? minute(n - 0.1) : minute(n),
      actor: n % 10 === 0 ? 'leaked' : 'others',
    },
  }));
  for (let at = 0; at < count; at += 500) await store.appendEach(commits.slice(at, at + 500));
}

async function whole(scan: ActorScan, begin: ScanPlace): Promise<{ numbers: number[]; pages: number }> {
  const numbers: number[] = [];
  let pages = 0;
  for (let place: ScanPlace | null = begin; place !== null; pages++) {
    const { events, next }: { events: readonly Stored[]; next: ScanPlace | null } = await actsOfActor(
      store,
      scan,
      place,
    );
    expect(events.length).toBeLessThanOrEqual(scan.limit);
    numbers.push(...events.map(({ data }) => (data as { n: number }).n));
    place = next;
  }
  return { numbers, pages };
}

it('finds what somebody recorded between two times, oldest first over the partitions, page by page', async () => {
  await record(3_000);
  const begin = await beginningOf(store, minute(995), minute(1_100));
  const expected = [1000, 1010, 1020, 1030, 1040, 1050, 1060, 1070, 1080, 1090, 1100];
  for (const limit of [1, 3, 200]) {
    expect((await whole({ actor: 'leaked', limit }, begin)).numbers).toEqual(expected);
  }
  const noted = await whole({ actor: 'leaked', kind: 'Noted', limit: 50 }, begin);
  expect(noted.numbers).toEqual([1000, 1020, 1040, 1060, 1080, 1100]);
  expect((await whole({ actor: 'nobody', limit: 50 }, begin)).numbers).toEqual([]);
});

it('finds all until a day that will never come', async () => {
  await record(30);
  const { from, to } = periodOf('2024-01-01', '9999-12-31', new Date());
  const { numbers } = await whole({ actor: 'leaked', limit: 50 }, await beginningOf(store, from, to));
  expect(numbers).toEqual([0, 10, 20]);
});

it('looks at a bounded number of events for one answer, and goes on where it ended', async () => {
  await record(400);
  const begin = await beginningOf(store, minute(0), minute(400));
  const { events, next } = await actsOfActor(store, { actor: 'nobody', limit: 50, lookedMax: 100 }, begin);
  expect([events, next === null]).toEqual([[], false]);
  const { numbers, pages } = await whole({ actor: 'leaked', limit: 50, lookedMax: 100 }, begin);
  expect(numbers).toEqual(Array.from({ length: 39 }, (_, i) => 10 * (i + 1)));
  expect(pages).toBe(5);
});

it('finds its beginning in a few reads, and opens only pages on which something is sought', async () => {
  await record(20_000);
  let looks = 0;
  const counted = around(store, {
    readOutbox: (...args) => {
      looks++;
      return store.readOutbox(...args);
    },
    readPage: () => Promise.reject(new Error('opened')),
  });
  const begin = await beginningOf(counted, minute(19_000), minute(19_100));
  expect(looks).toBeLessThan(3 * 20);
  looks = 0;
  await actsOfActor(counted, { actor: 'nobody', limit: 50 }, begin);
  expect(looks).toBeLessThan(3 * 10);
});

import { interceptedDatabase } from '../../testing/intercepted-database.fixture.js';
import {
  metaOf,
  publishTold,
  scratchEventStore,
  testKey,
  told,
  type ScratchEventStore,
} from '../../testing/scratch-event-store.fixture.js';
import { eventCollections } from './event-documents.js';
import { MongoEventStore } from './mongo-event-store.js';
import { NewPages } from './new-pages.js';

const partitions = 40;

let scratch: ScratchEventStore;
beforeEach(async () => (scratch = await scratchEventStore(partitions)));
afterEach(() => scratch.remove());

it('new pages of another process are found once, in whatever partition', async () => {
  const other = new MongoEventStore(scratch.database, publishTold, { partitions, masterKey: testKey });
  const pages = new NewPages(eventCollections(scratch.database).pages, partitions);
  expect(await pages.found()).toBe(true);
  expect(await pages.found()).toBe(false);
  for (const stream of ['a', 'b', 'c']) {
    const appended = await other.append(stream, 0, [told(1)], metaOf(stream));
    expect(appended).toMatchObject({ marks: expect.anything() });
    expect(await pages.found()).toBe(true);
    expect(await pages.found()).toBe(false);
  }
});

it('a quiet store is asked for all who wait at once, however many partitions there are, until something is appended', async () => {
  let asked = 0;
  const database = interceptedDatabase(scratch.database, (_, go) => (asked++, go()));
  const store = new MongoEventStore(database, publishTold, { partitions, masterKey: testKey });
  const [signal, ...others] = Array.from({ length: 4 }, () => new AbortController().signal) as [
    AbortSignal,
    ...AbortSignal[],
  ];
  const allChanged = () => Promise.all([signal, ...others].map((waiting) => store.changed(waiting)));
  // The first call returns at once, and the second learns where every partition ends.
  await allChanged();
  await allChanged();
  asked = 0;
  let begun = performance.now();
  await store.changed(signal);
  // Every quarter of a second; fewer times where the machine is slow.
  expect(asked).toBeLessThanOrEqual(2 * Math.ceil((performance.now() - begun) / 250));
  expect(asked).toBeGreaterThan(0);

  asked = 0;
  begun = performance.now();
  await allChanged();
  // Two queries each quarter of a second, and never more often than twice in one; fewer where the machine is slow.
  expect(asked).toBeLessThanOrEqual(4 * Math.ceil((performance.now() - begun) / 250));
  expect(asked).toBeGreaterThan(0);

  const other = new MongoEventStore(scratch.database, publishTold, { partitions, masterKey: testKey });
  const changed = store.changed(signal);
  await other.append('another', 0, [told(1)], metaOf('another'));
  asked = 0;
  await changed;
  expect(asked).toBeLessThan(20);
});

import mongoose from 'mongoose';
import { eventCollections, type CommitDoc } from './event-documents.js';
import { MongoEventStore } from './mongo-event-store.js';
import {
  expectConsistent,
  metaOf,
  publishTold,
  scratchEventStore,
  testKey,
  told,
  type ScratchEventStore,
} from '../../testing/scratch-event-store.fixture.js';
import { WaitingCommits } from './waiting-commits.js';
import { interceptedDatabase } from '../../testing/intercepted-database.fixture.js';
import { testServers } from '../../testing/test-servers.fixture.js';

const partitions = 1;
const windowCommits = 501;
let place: ScratchEventStore;
beforeEach(async () => (place = await scratchEventStore(partitions)));
afterEach(() => place.remove());

it('goes on when more commits than a window wait for others whose writers have clocks that are ahead', async () => {
  const blind = interceptedDatabase(await place.connect(), ({ collection }, go) => {
    if (collection === 'pages') throw new Error('no pages');
    return go();
  });
  const writer = new MongoEventStore(blind, publishTold, { partitions, masterKey: testKey });
  const streams = 20;
  const commitsEach = 30;
  const commits = Array.from({ length: streams * commitsEach }, (_, n) => ({
    stream: `note-${n % streams}`,
    expectedVersion: Math.floor(n / streams),
    events: [told(n)],
    meta: metaOf(`${n}`),
  }));
  await writer.appendEach(commits);
  // Each commit as if its writer's clock were behind that of the writer before: from an hour ahead to an hour late.
  const hour = 3_600_000 * 1024;
  const stored = eventCollections(await place.connect()).commits;
  const waiting = await stored.find({}, { projection: { no: 1, queuedAt: 1 } }).toArray();
  await stored.bulkWrite(
    waiting.map(({ _id, no, queuedAt }) => {
      const skewed = queuedAt + hour * (1 - (2 * (no - 1)) / (commitsEach - 1));
      return { updateOne: { filter: { _id }, update: { $set: { queuedAt: skewed } } } };
    }),
  );

  const all = await expectConsistent(
    await place.connect(),
    partitions,
    commits.map(({ meta }) => meta.commandId),
  );
  expect(all).toHaveLength(commits.length);
  expect(await eventCollections(await place.connect()).pages.countDocuments({})).toBeLessThanOrEqual(4);
});

describe('the look for what waits', () => {
  /** Stores waiting commits, and as many pages. */
  async function fill(from: number, to: number): Promise<void> {
    const { commits, pages } = eventCollections(await place.connect());
    const waiting: CommitDoc[] = [];
    for (let n = from; n < to; n++) {
      const stream = `note-${n}`;
      const part = {
        partition: 0,
        version: 1,
        count: 1,
        facts: 1,
        lastFact: 0,
        after: 0,
        bytes: 2,
        body: '[]',
      };
      waiting.push({
        ...{ _id: `${stream}:0000000001`, stream, no: 1, first: 1, last: 1, command: `${n}` },
        ...{ recordedAt: '2026-03-01T10:00:00.000Z', actor: 'test', queuedAt: n, pending: [0] },
        ...{ positions: {}, past: [], parts: [part] },
      });
    }
    await commits.insertMany(waiting);
    await pages.insertMany(
      waiting.map(({ _id }, n) => ({
        ...{ _id, partition: 0, no: from + n + 1, count: 1, facts: 1, entries: [] },
      })),
    );
  }

  it('examines no more documents than a window holds, however many wait', async () => {
    const connection = await mongoose.createConnection(testServers().mongodb, { dbName: 'spec' }).asPromise();
    const scanned = async (): Promise<number> => {
      const { metrics } = await connection.db!.command({ serverStatus: 1 });
      return Number(metrics.queryExecutor.scannedObjects);
    };
    const { commits, pages } = eventCollections(await place.connect());
    const waiting = new WaitingCommits(commits, 0);
    const looks = {
      longest: () => waiting.longest(windowCommits),
      exceed: () => waiting.exceed(500),
      any: () => commits.findOne({ pending: { $gte: 0 } }, { projection: { _id: 1 } }),
      head: () => pages.findOne({ partition: 0 }, { sort: { no: -1 } }),
    };
    /** The least of a few tries, because other tests may use the server as well. */
    const examined = async (look: () => Promise<unknown>): Promise<number> => {
      const tries: number[] = [];
      for (let n = 0; n < 3; n++) {
        const before = await scanned();
        await look();
        tries.push((await scanned()) - before);
      }
      return Math.min(...tries);
    };
    try {
      await fill(0, 600);
      const few = Object.fromEntries(
        await Promise.all(Object.entries(looks).map(async ([name, look]) => [name, await look()])),
      );
      expect(few).toMatchObject({ exceed: true, head: { no: 600 } });
      await fill(600, 2_000);
      for (const [name, look] of Object.entries(looks))
        expect([name, (await examined(look)) <= windowCommits]).toEqual([name, true]);
      expect((await waiting.longest(windowCommits)).map(({ queuedAt }) => queuedAt)).toEqual(
        Array.from({ length: windowCommits }, (_, n) => n),
      );
      expect([await waiting.exceed(1_999), await waiting.exceed(2_000)]).toEqual([true, false]);
      expect((await looks.head())?.no).toBe(2_000);
    } finally {
      await connection.close();
    }
  });
});

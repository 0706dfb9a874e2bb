import { Unavailable } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { testServers } from '../testing/test-servers.fixture.js';
import { connectMongo, type Collection, type Database, type Doc } from './mongo.js';
import { faultProxyTo, type FaultProxy } from '../testing/fault-proxy.js';

type Note = Doc & { readonly n: number };

const operationMs = 1_500;
let proxy: FaultProxy;
let database: Database;
let notes: Collection<Note>;
let name: string;

beforeEach(async () => {
  proxy = await faultProxyTo(testServers().mongodb);
  name = `spec-${randomUUID()}`;
  database = await connectMongo(proxy.url, name, { operationMs, lookMaxMs: 6_000 });
  notes = database.collection<Note>('notes');
  await notes.insertMany(Array.from({ length: 250 }, (_, n) => ({ _id: `note-${n}`, n })));
});
afterEach(async () => {
  await database.close();
  proxy.close();
  const direct = await connectMongo(testServers().mongodb, name);
  await direct.drop();
  await direct.close();
});

/** Lets traffic through again. Connections that ended are noticed when they are used. */
async function mended(): Promise<void> {
  proxy.mend();
  await answered();
}

async function answered(): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const error = await notes.findOne({ _id: 'note-1' }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) return;
    expect(error).toBeInstanceOf(Unavailable);
    expect(attempt).toBeLessThan(100);
    await pause(100);
  }
}

const read = async (): Promise<number> => {
  let count = 0;
  for await (const note of notes.find({}, { batchSize: 100 })) if (note) count++;
  return count;
};
const operations: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['findOne', () => notes.findOne({ _id: 'note-1' })],
  ['find', read],
  ['find to an array', () => notes.find({}).sort({ n: 1 }).limit(2).toArray()],
  ['aggregate', () => notes.aggregate([{ $match: { n: 1 } }]).toArray()],
  ['insertOne', () => notes.insertOne({ _id: randomUUID(), n: 0 })],
  ['insertMany', () => notes.insertMany([{ _id: randomUUID(), n: 0 }], { ordered: false })],
  ['bulkWrite', () => notes.bulkWrite([{ deleteOne: { filter: { _id: 'note-0' } } }], { ordered: false })],
  ['updateOne', () => notes.updateOne({ _id: 'note-2' }, { $set: { n: 2 } })],
  ['replaceOne', () => notes.replaceOne({ _id: 'note-3' }, { n: 3 })],
  ['deleteMany', () => notes.deleteMany({ _id: 'note-4' })],
];
const outcomes = () =>
  Promise.all(
    operations.map(async ([name, ask]) => {
      const begun = performance.now();
      const error = await ask().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      return { name, error, ms: performance.now() - begun };
    }),
  );
const unavailable = { code: 'STORE_UNAVAILABLE', reason: expect.any(String) };

it('ends each operation in time when the server takes it and never answers, and goes on afterwards', async () => {
  proxy.silence();
  for (const { name, error, ms } of await outcomes()) {
    expect([name, error]).toEqual([name, expect.any(Unavailable)]);
    expect(error).toMatchObject(unavailable);
    expect(ms).toBeLessThan(operationMs + 1_000);
  }
  await mended();
  for (const { name, error } of await outcomes()) expect([name, error]).toEqual([name, null]);
});

it('answers again after more operations hung than it may have connections', async () => {
  proxy.silence();
  const hanging = Array.from({ length: 150 }, (_, n) =>
    n % 2 === 0 ? notes.findOne({ _id: 'note-1' }) : notes.updateOne({ _id: 'note-1' }, { $set: { n } }),
  );
  expect((await Promise.allSettled(hanging)).every(({ status }) => status === 'rejected')).toBe(true);
  proxy.openAgain();
  await answered();
});

it('ends the reading of a cursor whose next page never comes', async () => {
  let count = 0;
  const reading = async (): Promise<void> => {
    for await (const note of notes.find({}, { batchSize: 100 })) if (note && ++count === 100) proxy.silence();
  };
  await expect(reading()).rejects.toMatchObject(unavailable);
  expect(count).toBe(100);
});

it('leaves the reading of a cursor early', async () => {
  for await (const { n } of notes.find({}, { batchSize: 100 }).sort({ n: 1 })) if (n === 3) break;
  expect(await read()).toBe(250);
});

it('says that a server is away which refuses connections, and nothing of what was to be stored', async () => {
  proxy.cut();
  const [first] = await Promise.all(
    [notes.insertMany([{ _id: 'SECRET', n: 0 }], { ordered: false }), read()].map((work) =>
      work.then(
        () => null,
        (thrown: unknown) => thrown,
      ),
    ),
  );
  expect(first).toMatchObject(unavailable);
  expect(JSON.stringify(first, Object.getOwnPropertyNames(first))).not.toContain('SECRET');
  await mended();
  for (const { name, error } of await outcomes()) expect([name, error]).toEqual([name, null]);
});

it('leaves to whoever asked what has nothing to do with the server', async () => {
  await expect(notes.insertOne({ _id: 'note-1', n: 1 })).rejects.toMatchObject({ code: 11000 });
});

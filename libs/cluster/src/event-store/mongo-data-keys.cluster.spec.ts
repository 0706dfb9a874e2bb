import type { Publish } from '@readership/kernel';
import { eventCollections } from './event-documents.js';
import { MongoDataKeys } from './mongo-data-keys.js';
import { MongoEventStore } from './mongo-event-store.js';
import {
  metaOf,
  scratchEventStore,
  testKey,
  type ScratchEventStore,
} from '../../testing/scratch-event-store.fixture.js';

const publish: Publish = (_, stream) => ({ key: stream, subject: 'person-1', fact: null });
const named = { type: 'Named', data: { branch: 'NORTH' }, personal: { name: 'Wilhelmina Oyelaran' } };
let place: ScratchEventStore;
beforeEach(async () => (place = await scratchEventStore(1)));
afterEach(() => place.remove());

const storeOf = async (masterKey = testKey) =>
  new MongoEventStore(await place.connect(), publish, { partitions: 1, masterKey });
const keysOf = async () => new MongoDataKeys(eventCollections(await place.connect()).keys, testKey);

it('seals one subject under one key, whoever is first', async () => {
  const subjects = Array.from({ length: 130 }, (_, n) => `person-${n}`);
  const all = await Promise.all([1, 2, 3].map(async () => (await keysOf()).toSeal(subjects)));
  for (const keys of all) expect(keys).toEqual(all[0]);
  expect(new Set([...all[0]!.values()].map((key) => key.toString('hex'))).size).toBe(130);
  const keyOf = await (await keysOf()).toOpen(subjects);
  expect(new Map(subjects.map((subject) => [subject, keyOf(subject)]))).toEqual(all[0]);
});

it('keeps personal parts out of every document, and opens them by either way', async () => {
  const [one, two] = [await storeOf(), await storeOf()];
  await Promise.all([
    one.append('patron-1', 0, [named], metaOf('1')),
    two.append('patron-2', 0, [named], metaOf('2')),
  ]);
  for (const store of [one, two, await storeOf()]) {
    expect((await store.load('patron-1')).events[0]!.personal).toEqual(named.personal);
    expect((await store.readPage(0, 0, 10)).map(({ personal }) => personal)).toEqual([
      named.personal,
      named.personal,
    ]);
  }
  expect((await place.bytes()).includes('NORTH')).toBe(true);
  expect((await place.bytes()).includes('Oyelaran')).toBe(false);
});

it('reads a personal part as null once its key was destroyed, and the event stays', async () => {
  await (await storeOf()).append('patron-1', 0, [named], metaOf('1'));
  await eventCollections(await place.connect()).keys.deleteOne({ _id: 'person-1' });
  const store = await storeOf();
  for (const [event] of [(await store.load('patron-1')).events, await store.readPage(0, 0, 10)])
    expect(event).toMatchObject({ type: 'Named', data: named.data, personal: null });
});

it('opens nothing with a master key that is not the one it was, and seals nothing for those who have a key', async () => {
  await (await storeOf()).append('patron-1', 0, [named], metaOf('1'));
  const other = await storeOf(Buffer.alloc(32, 4));
  expect((await other.load('patron-1')).events[0]!.personal).toBeNull();
  await expect(other.append('patron-2', 0, [named], metaOf('2'))).rejects.toThrow('KEY_UNUSABLE');
  expect((await (await storeOf()).load('patron-1')).events[0]!.personal).toEqual(named.personal);
  await expect(storeOf(Buffer.alloc(5))).rejects.toThrow('32 bytes');
});

import type { Publish, StoreKeys } from '@readership/kernel';
import {
  caughtBy,
  keyedContext,
  runCase,
  storeKeysContract,
  storeKeysSaboteurs,
  type Maker,
  type StoreKeysFixture,
} from '@readership/kernel/testing';
import { MongoEventStore } from './event-store/mongo-event-store.js';
import { scratchEventStore } from '../testing/scratch-event-store.fixture.js';
import type { Database } from './mongo.js';
import { openStore } from './store-settings.js';

const publish: Publish = (_, stream) => ({ key: stream, fact: null });
const partitions = 1;
const collections = ['commits', 'pages', 'keys', 'settings'];

const make: Maker<StoreKeysFixture> = async () => {
  const place = await scratchEventStore(partitions);
  const sharedPlace = await scratchEventStore(partitions);
  const database = await place.connect();
  const shared = await sharedPlace.connect();
  const settingsOf = (of: Database) => of.collection<{ _id: string; value: unknown }>('settings');
  return {
    partitions,
    port: {
      open: async (keys) => {
        await open(database, shared, keys);
        return {
          store: new MongoEventStore(database, publish, { ...keys, partitions }),
          close: async () => undefined,
        };
      },
    },
    reopen: async () => undefined,
    content: async () => {
      const all = [database, shared].flatMap((each) =>
        collections.map((name) => each.collection(name).find().sort({ _id: 1 }).toArray()),
      );
      return JSON.stringify(await Promise.all(all));
    },
    forgetFingerprints: async () => {
      for (const each of [database, shared])
        await settingsOf(each).deleteMany({ _id: { $in: ['masterKey', 'cardKey'] } });
    },
    setFormat: async (format) => {
      if (format === 1) await settingsOf(database).deleteMany({ _id: 'format' });
      else await settingsOf(database).updateOne({ _id: 'format' }, { $set: { value: format } });
    },
    close: async () => {
      await place.remove();
      await sharedPlace.remove();
    },
  };
};

function open(database: Database, shared: Database, keys: StoreKeys): Promise<void> {
  return openStore(database, {
    ...keys,
    ...keyedContext,
    name: 'The database contract',
    shared,
    sharedName: 'The deployment',
    partitions,
  });
}

describe('the keys and the format of a context’s database', () => {
  for (const one of storeKeysContract) it(one.name, () => runCase(make, one));
});

describe('the suite notices an opening that', () => {
  for (const saboteur of storeKeysSaboteurs) {
    it(saboteur.name, async () =>
      expect(await caughtBy(storeKeysContract, make, saboteur)).toBe(saboteur.breaks),
    );
  }
});

describe('services of one deployment', () => {
  const keys: StoreKeys = { masterKey: Buffer.alloc(32, 1), cardKey: Buffer.alloc(32, 2) };
  const wrong: StoreKeys = { ...keys, cardKey: Buffer.alloc(32, 3) };
  let places: Awaited<ReturnType<typeof scratchEventStore>>[];
  let own: Database;
  let sibling: Database;
  let shared: Database;

  beforeEach(async () => {
    places = await Promise.all([1, 2, 3].map(() => scratchEventStore(partitions)));
    [own, sibling, shared] = (await Promise.all(places.map((place) => place.connect()))) as [
      Database,
      Database,
      Database,
    ];
  });
  afterEach(() => Promise.all(places.map((place) => place.remove())));

  it('refuse the first start of one with another card key', async () => {
    await open(own, shared, keys);
    await expect(open(sibling, shared, wrong)).rejects.toThrow(
      /^The deployment was made with another card key: .*READERSHIP_CARD_KEY/,
    );
    expect(await sibling.collection('settings').countDocuments({ _id: 'cardKey' as never })).toBe(0);
    await open(sibling, shared, keys);
  });

  it('agree on the keys of one of them when they start at the same time', async () => {
    const outcomes = await Promise.allSettled([open(own, shared, keys), open(sibling, shared, wrong)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

import {
  accessStoreContract,
  accessStoreSaboteurs,
  caughtBy,
  runCase,
  type AccessStoreFixture,
  type Maker,
} from '@readership/kernel/testing';
import { MongoAccessStore } from './mongo-access-store.js';
import { scratchDatabase } from '../testing/scratch-database.fixture.js';

const make: Maker<AccessStoreFixture> = async () => {
  const place = await scratchDatabase('access');
  let port = new MongoAccessStore(place.database);
  return {
    partitions: 1,
    get port() {
      return port;
    },
    reopen: async () => {
      port = new MongoAccessStore(await place.connect());
    },
    other: async () => new MongoAccessStore(await place.connect()),
    close: () => place.remove(),
  };
};

describe('the access database on MongoDB', () => {
  for (const one of accessStoreContract) it(one.name, () => runCase(make, one));
});

describe('the suite on MongoDB notices one that', () => {
  for (const saboteur of accessStoreSaboteurs) {
    it(saboteur.name, async () =>
      expect(await caughtBy(accessStoreContract, make, saboteur)).toBe(saboteur.breaks),
    );
  }
});

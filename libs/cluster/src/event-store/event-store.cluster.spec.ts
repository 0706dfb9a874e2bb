import {
  contractPublish,
  eventStoreContract,
  eventStoreModel,
  runCase,
  type EventStoreFixture,
  type Maker,
} from '@readership/kernel/testing';
import { MongoEventStore } from './mongo-event-store.js';
import { scratchEventStore } from '../../testing/scratch-event-store.fixture.js';

const masterKey = Buffer.alloc(32, 7);
/** Fewer data keys than a batch may have subjects. */
const dataKeysMax = 16;

function maker(partitions: number): Maker<EventStoreFixture> {
  return async () => {
    const place = await scratchEventStore(partitions);
    let database = await place.connect();
    // An hour ahead, and after each reopening an hour late or ahead.
    let skewMs = 3_600_000;
    const open = () => {
      const now = (
        (skew) => () =>
          Date.now() + skew
      )(skewMs);
      skewMs = -skewMs;
      return new MongoEventStore(database, contractPublish, { partitions, masterKey, now, dataKeysMax });
    };
    let current = open();
    return {
      partitions,
      get port() {
        return current;
      },
      reopen: async () => {
        await database.close();
        database = await place.connect();
        current = open();
      },
      atRest: () => place.bytes(),
      replaceKey: (subject, wrapped) => place.replaceKey(subject, wrapped),
      rewrite: (stream, change) => place.rewrite(stream, change),
      close: () => place.remove(),
    };
  };
}

for (const partitions of [1, 3]) {
  describe(`the event store with ${partitions === 1 ? 'one partition' : `${partitions} partitions`}`, () => {
    for (const one of eventStoreContract) it(one.name, () => runCase(maker(partitions), one));
    it('agrees with a list of commits over random histories', () =>
      eventStoreModel(maker(partitions), { runs: 5 }));
  });
}

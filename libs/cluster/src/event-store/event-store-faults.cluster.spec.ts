import { Unavailable } from '@readership/kernel';
import { eventCollections, prepareEventStore } from './event-documents.js';
import { prepareSettings } from '../store-settings.js';
import { MongoEventStore } from './mongo-event-store.js';
import {
  expectConsistent,
  metaOf,
  publishTold,
  scratchEventStore,
  testKey,
  told,
  wholePartition,
  type ScratchEventStore,
} from '../../testing/scratch-event-store.fixture.js';
import {
  interceptedDatabase,
  type Operation,
  type Interceptor,
} from '../../testing/intercepted-database.fixture.js';

const partitions = 1;
let place: ScratchEventStore;
beforeEach(async () => (place = await scratchEventStore(partitions)));
afterEach(() => place.remove());

async function storeOf(watch?: Interceptor, now?: () => number): Promise<MongoEventStore> {
  const database = await place.connect();
  const options = { partitions, masterKey: testKey, ...(now ? { now } : {}) };
  return new MongoEventStore(watch ? interceptedDatabase(database, watch) : database, publishTold, options);
}

const inserting = ({ collection, name }: Operation) => collection === 'commits' && name === 'insertMany';
const gathering = ({ collection, name, filter }: Operation) =>
  collection === 'commits' && name === 'find' && 'pending' in (filter as object);
const lookingHowManyWait = ({ collection, name, filter }: Operation) =>
  collection === 'commits' && name === 'findOne' && 'pending' in (filter as object);
const numbers = async (store: MongoEventStore) =>
  (await wholePartition(store, 0)).map(({ data }) => (data as { n: number }).n);

describe('an append', () => {
  it.each(['after', 'before'])(
    'that loses its reply %s the insert is stored once and says so',
    async (when) => {
      let lost = 0;
      const store = await storeOf(async (operation, go) => {
        if (!inserting(operation) || lost++ % 2 === 1) return go();
        if (when === 'after') await go();
        throw new Error('connection lost');
      });
      const appended = await store.append('note-1', 0, [told(1), told(2)], metaOf('one'));
      expect(appended).toMatchObject({ outcome: 'appended', version: 2 });
      const commits = [told(3), told(4)].map((event, i) => ({
        stream: 'note-1',
        expectedVersion: 2 + i,
        events: [event],
        meta: metaOf(`more-${i}`),
      }));
      expect(await store.appendEach(commits)).toMatchObject([{ version: 3 }, { version: 4 }]);
      expect(await numbers(store)).toEqual([1, 2, 3, 4]);
      await expectConsistent(await place.connect(), partitions, ['one', 'more-0', 'more-1']);
    },
  );

  it('that was not stored before its reply was lost is a conflict when somebody else came first', async () => {
    const other = await storeOf();
    let first = true;
    const store = await storeOf(async (operation, go) => {
      if (!first || !inserting(operation)) return go();
      first = false;
      await other.append('note-1', 0, [told(2)], metaOf('theirs'));
      throw new Error('connection lost');
    });
    expect(await store.append('note-1', 0, [told(1)], metaOf('ours'))).toEqual({ outcome: 'conflict' });
    expect(await numbers(store)).toEqual([2]);
  });

  it('that meets no server at all rejects without telling what it would have stored', async () => {
    let down = true;
    const store = await storeOf(async (operation, go) => {
      if (down && operation.collection === 'commits' && !lookingHowManyWait(operation))
        throw Object.assign(new Error('down'), {
          name: 'MongoNetworkError',
          code: 89,
          op: { body: 'SECRET' },
        });
      return go();
    });
    const append = () => store.append('note-1', 0, [told(1)], metaOf('one'));
    await expect(append()).rejects.toThrow('the database did not take a commit: MongoNetworkError 89');
    down = false;
    expect(await append()).toMatchObject({ outcome: 'appended', version: 1 });
    expect(await append()).toMatchObject({ outcome: 'appended', version: 1 });
  });

  it('that can neither be stored nor read back says that the store is away, and asked again is stored once', async () => {
    const away = new Unavailable('STORE_UNAVAILABLE', 'MongoNetworkError');
    let down = true;
    let asked = 0;
    const store = await storeOf(async (operation, go) => {
      if (!down || operation.collection !== 'commits' || lookingHowManyWait(operation)) return go();
      asked++;
      if (inserting(operation)) await go();
      throw away;
    });
    const append = () => store.append('note-1', 0, [told(1)], metaOf('one'));
    await expect(append()).rejects.toBe(away);
    expect(asked).toBe(2);
    down = false;
    expect(await append()).toMatchObject({ outcome: 'appended', version: 1 });
    expect(await numbers(store)).toEqual([1]);
  });

  it('is stored, and answers without marks, when its partition gets no page in time', async () => {
    let blocked = true;
    const store = await storeOf((operation, go) => {
      if (blocked && operation.collection === 'pages' && operation.writes) throw new Error('no pages');
      return go();
    });
    const answer = await store.append('note-1', 0, [told(1)], metaOf('one'));
    expect(answer).toEqual({ outcome: 'appended', version: 1, marks: null });
    expect(await eventCollections(await place.connect()).commits.countDocuments({ pending: 0 })).toBe(1);
    blocked = false;
    const again = await store.append('note-1', 0, [told(1)], metaOf('one'));
    expect(again).toEqual({ outcome: 'appended', version: 1, marks: { 0: { taken: 512, published: 512 } } });
  });
});

it('a stream whose order is late is asked for again, and the store says so', async () => {
  let blocked = true;
  const store = await storeOf((operation, go) => {
    if (blocked && operation.collection === 'pages' && operation.writes) throw new Error('no pages');
    return go();
  });
  await store.append('note-1', 0, [told(1)], metaOf('one'));
  await expect(store.load('note-1')).rejects.toMatchObject({ name: 'Unavailable', code: 'BUSY' });
  blocked = false;
  expect((await store.load('note-1')).version).toBe(1);
});

describe('what waits for its order', () => {
  const waitingMax = 20;
  const many = (name: string) =>
    Array.from({ length: 30 }, (_, n) => ({
      stream: `${name}-${n}`,
      expectedVersion: 0,
      events: [told(n)],
      meta: metaOf(`${name}-${n}`),
    }));
  const busy = { name: 'Unavailable', code: 'BUSY' };
  const openTo = async (watch: Interceptor) =>
    new MongoEventStore(interceptedDatabase(await place.connect(), watch), publishTold, {
      partitions,
      masterKey: testKey,
      waitingMax,
    });

  it('is bounded: beyond it nothing is stored, whoever appends, and appends go on by themselves', async () => {
    let blocked = true;
    const watch: Interceptor = (operation, go) => {
      if (blocked && operation.collection === 'pages' && operation.writes) throw new Error('no pages');
      return go();
    };
    const [here, elsewhere] = [await openTo(watch), await openTo(watch)];
    await here.appendEach(many('note'));
    const commits = eventCollections(await place.connect()).commits;
    const keys = eventCollections(await place.connect()).keys;
    const sealed = [{ ...told(1), personal: { name: 'Ada' } }];
    for (const store of [here, elsewhere]) {
      await expect(store.append('more', 0, [told(1)], metaOf('more'))).rejects.toMatchObject(busy);
      await expect(store.appendEach(many('more'))).rejects.toMatchObject(busy);
      await expect(store.append('more', 0, sealed, metaOf('more'))).rejects.toMatchObject(busy);
    }
    expect([await commits.countDocuments({}), await keys.countDocuments({})]).toEqual([30, 0]);
    blocked = false;
    for (const [n, store] of [here, elsewhere].entries()) {
      let appended = null;
      while (appended === null) {
        appended = await store.append(`more-${n}`, 0, [told(1)], metaOf(`more-${n}`)).catch((error) => {
          expect(error).toMatchObject(busy);
          return null;
        });
      }
      expect(appended).toMatchObject({ outcome: 'appended', version: 1 });
    }
    await expectConsistent(await place.connect(), partitions, ['note-0', 'note-29', 'more-0', 'more-1']);
  });

  it('is looked for once, and not for each append, while ordering keeps up', async () => {
    let looks = 0;
    const store = await openTo((operation, go) => {
      if (lookingHowManyWait(operation)) looks++;
      return go();
    });
    for (const name of ['a', 'b', 'c']) {
      await store.appendEach(many(name));
      await store.end(0);
      looks = name === 'a' ? 0 : looks;
    }
    // One count by each partition's order, to see whether anything waits.
    expect(looks).toBeLessThanOrEqual(2 * 2);
  });
});

describe('a page', () => {
  it('never shows a commit before an earlier one of its stream that the look for pending ones missed', async () => {
    let hidden = 'note-1:0000000002';
    const store = await storeOf(async (operation, go) => {
      if (!gathering(operation)) return go();
      const found = ((await go()) as { _id: string }[]).filter(({ _id }) => _id !== hidden);
      if (found.length > 0) hidden = '';
      return found;
    });
    const blind = await storeOf((operation, go) => {
      if (operation.collection === 'pages') throw new Error('no pages');
      return go();
    });
    for (const n of [1, 2, 3]) await blind.append('note-1', n - 1, [told(n)], metaOf(`${n}`));
    expect(await numbers(store)).toEqual([1, 2, 3]);
    await expectConsistent(await place.connect(), partitions, ['1', '2', '3']);
  });

  it('never holds a commit again that an old look still calls pending', async () => {
    let old: unknown[] = [];
    const store = await storeOf(async (operation, go) => {
      if (!gathering(operation)) return go();
      const found = (await go()) as unknown[];
      const shown = [...old, ...found];
      old = [...old, ...found];
      return shown;
    });
    for (const n of [1, 2, 3, 4]) await store.append(`note-${n}`, 0, [told(n)], metaOf(`${n}`));
    expect(await numbers(store)).toEqual([1, 2, 3, 4]);
    await expectConsistent(await place.connect(), partitions, ['1', '2', '3', '4']);
  });

  it('keeps the order of a stream whose writers have clocks that disagree', async () => {
    const hour = 3_600_000;
    const stores = [await storeOf(undefined, () => Date.now() + hour), await storeOf(undefined, () => hour)];
    for (let n = 0; n < 6; n++) await stores[n % 2]!.append('note-1', n, [told(n)], metaOf(`${n}`));
    expect(await numbers(stores[1]!)).toEqual([0, 1, 2, 3, 4, 5]);
    const commits = await eventCollections(await place.connect())
      .commits.find({})
      .sort({ queuedAt: 1 })
      .toArray();
    expect(commits.map(({ no }) => no)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('holds at most 500 events and 8 MiB, of whole commits', async () => {
    const store = await storeOf();
    const long = { ...told(1), data: { n: 1, text: 'x'.repeat(60_000) } };
    const commits = Array.from({ length: 12 }, (_, i) => ({
      stream: `note-${i}`,
      expectedVersion: 0,
      events: Array.from({ length: i < 6 ? 60 : 99 }, () => (i < 6 ? long : told(i))),
      meta: metaOf(`${i}`),
    }));
    await store.appendEach(commits);
    await store.end(0);
    const pages = await eventCollections(await place.connect())
      .pages.find({})
      .sort({ no: 1 })
      .toArray();
    expect(pages.map(({ count }) => count)).toEqual([120, 120, 120 + 3 * 99, 3 * 99]);
    await expectConsistent(
      await place.connect(),
      partitions,
      commits.map(({ meta }) => meta.commandId),
    );
  });

  it('is not read past one before it that came while they were read', async () => {
    const writer = await storeOf();
    const all = [1, 2, 3, 4, 5, 6];
    for (const n of all) await writer.append(`note-${n}`, 0, [told(n)], metaOf(`${n}`));
    let late = true;
    const reader = await storeOf(async ({ collection, name }, go) => {
      const found = (await go()) as { no: number }[];
      if (!late || collection !== 'pages' || name !== 'find' || found[1]?.no !== 4) return found;
      late = false;
      return found.filter(({ no }) => no !== 4);
    });
    expect((await reader.readPage(0, 0, 100)).map(({ data }) => data)).toEqual([1, 2, 3].map((n) => ({ n })));
    expect(await numbers(reader)).toEqual(all);
  });
});

describe('an account', () => {
  it('counts what has no place yet', async () => {
    let blocked = false;
    const store = await storeOf((operation, go) => {
      if (blocked && gathering(operation) && operation.name === 'find') return Promise.resolve([]);
      return go();
    });
    await store.append('note-1', 0, [told(1), told(2)], metaOf('one'));
    blocked = true;
    await store.append('note-2', 0, [told(3)], metaOf('two'));
    expect(await store.account(0)).toEqual({ recorded: 3, facts: 3, privateOnly: 0 });
    expect((await store.account(0, await store.end(0))).recorded).toBe(2);
    blocked = false;
    expect((await store.account(0, await store.end(0))).recorded).toBe(3);
  });
});

describe('a database', () => {
  it('is made ready as often as one likes, and refuses another number of partitions', async () => {
    const database = await place.connect();
    for (let times = 0; times < 2; times++) {
      await prepareSettings(database, partitions);
      await prepareEventStore(database);
    }
    await expect(prepareSettings(database, 12)).rejects.toThrow('has 1 partitions');
  });
});

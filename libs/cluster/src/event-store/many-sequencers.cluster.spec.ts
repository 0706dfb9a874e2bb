import { partitionOf, type Appended, type EventStore, type Stored } from '@readership/kernel';
import { eventCollections } from './event-documents.js';
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
import { interceptedDatabase, type Interceptor } from '../../testing/intercepted-database.fixture.js';

const partitions = 3;
const masterKey = testKey;
const places: ScratchEventStore[] = [];
let place: ScratchEventStore;

async function anotherPlace(): Promise<ScratchEventStore> {
  const made = await scratchEventStore(partitions);
  places.push(made);
  return made;
}

beforeEach(async () => (place = await anotherPlace()));
afterEach(async () => {
  for (const each of places.splice(0)) await each.remove();
});

async function storeOf(watch?: Interceptor, now?: () => number): Promise<MongoEventStore> {
  const database = await place.connect();
  const options = { partitions, masterKey, ...(now ? { now } : {}) };
  return new MongoEventStore(watch ? interceptedDatabase(database, watch) : database, publishTold, options);
}

/** Appends to streams that others append to as well, until `times` appends have succeeded. */
async function writeMuch(store: EventStore, writer: string, times: number): Promise<string[]> {
  const acknowledged: string[] = [];
  const versions = new Map<string, number>();
  for (let n = 0; acknowledged.length < times; n++) {
    const stream = `note-${n % 5}`;
    const expected = versions.get(stream) ?? 0;
    const events = [told(n, `key-${n % 7}`), told(n, `key-${(n + 3) % 7}`), told(n)].slice(0, 1 + (n % 3));
    const command = `${writer}-${n}`;
    const appended = await store.append(stream, expected, events, metaOf(command));
    if (appended.outcome === 'appended') {
      versions.set(stream, appended.version);
      acknowledged.push(command);
    } else {
      let page = await store.load(stream, expected);
      while (page.more) page = await store.load(stream, page.version);
      versions.set(stream, page.version);
    }
  }
  return acknowledged;
}

/** Follows a partition until the writers are done and nothing more comes. */
async function follow(store: EventStore, partition: number, writing: () => boolean): Promise<Stored[]> {
  const seen: Stored[] = [];
  const { signal } = new AbortController();
  for (;;) {
    await store.changed(signal);
    const last = !writing();
    const page = await store.readPage(partition, seen.at(-1)?.position ?? 0, 11);
    seen.push(...page);
    if (page.length === 0 && last) return seen;
  }
}

it('loses, doubles and reorders nothing when several processes append to and order the same partitions', async () => {
  const hour = 3_600_000;
  const stores = [
    await storeOf(),
    await storeOf(undefined, () => Date.now() + hour),
    await storeOf(undefined, () => Date.now() - hour),
  ];
  let writing = true;
  const readers = stores.flatMap((store) =>
    [0, 1, 2].map((partition) => follow(store, partition, () => writing)),
  );
  const writers = stores.map((store, i) => writeMuch(store, `writer-${i}`, 60));
  const acknowledged = (await Promise.all(writers)).flat();
  writing = false;
  const seen = await Promise.all(readers);
  const database = await place.connect();
  const all = await expectConsistent(database, partitions, acknowledged);
  for (const events of seen) {
    const partition = events[0]!.partition;
    expect(events).toEqual(all.filter((event) => event.partition === partition));
  }
  const { commits } = eventCollections(database);
  expect(await commits.countDocuments({ pending: { $gte: 0 } })).toBe(0);
});

it('loses nothing of what comes in large batches from several processes', async () => {
  const stores = [await storeOf(), await storeOf()];
  const acknowledged = await Promise.all(
    stores.map(async (store, s) => {
      const commits = Array.from({ length: 1200 }, (_, n) => ({
        stream: `batch-${s}-${n % 700}`,
        expectedVersion: n < 700 ? 0 : 1,
        events: [told(n)],
        meta: metaOf(`batch-${s}-${n}`),
      }));
      const answers = await store.appendEach(commits);
      expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['appended']));
      return commits.map(({ meta }) => meta.commandId);
    }),
  );
  const all = await expectConsistent(await place.connect(), partitions, acknowledged.flat());
  expect(all).toHaveLength(2400);
});

/** More than a page of one partition, and some events of the others. Each stream comes twice. */
const plenty = Array.from({ length: 130 }, (_, n) => ({
  stream: `note-${n % 65}`,
  expectedVersion: n < 65 ? 0 : 5,
  events: [told(n), ...Array.from({ length: 4 }, () => told(n, 'everybody'))],
  meta: metaOf(`command-${n}`),
}));

const versions = (answers: readonly Appended[]) =>
  answers.map((answer) => answer.outcome === 'appended' && answer.version);

it.each(['before', 'after'])('goes on when a process stops %s any of its writes', async (when) => {
  let stopped = true;
  let stops = 0;
  for (; stopped; stops++) {
    const here = await anotherPlace();
    let writes = 0;
    stopped = false;
    const watch: Interceptor = async (operation, go) => {
      if (!stopped && !(operation.writes && writes++ === stops)) return go();
      if (!stopped && when === 'after') await go();
      stopped = true;
      throw new Error('stopped');
    };
    const options = { partitions, masterKey };
    const first = new MongoEventStore(interceptedDatabase(await here.connect(), watch), publishTold, options);
    const second = new MongoEventStore(await here.connect(), publishTold, options);
    const outcome = await first.appendEach(plenty).catch(() => null);
    // A process that does not know the outcome sends the same again through another store.
    const answers = await second.appendEach(plenty);
    expect(versions(answers)).toEqual(plenty.map(({ expectedVersion }) => expectedVersion + 5));
    if (outcome) expect(versions(outcome)).toEqual(versions(answers));
    const commands = plenty.map(({ meta }) => meta.commandId);
    expect(await expectConsistent(await here.connect(), partitions, commands)).toHaveLength(650);
  }
  expect(stops).toBeGreaterThan(8);
});

it('lets a process that was paused anywhere go on without harm', async () => {
  let passed = true;
  let pause = 0;
  for (; passed; pause++) {
    const here = await anotherPlace();
    let operations = 0;
    let reached!: () => void;
    let resume!: () => void;
    const paused = new Promise<void>((resolve) => (reached = resolve));
    const resumed = new Promise<void>((resolve) => (resume = resolve));
    const watch: Interceptor = async (_operation, go) => {
      if (operations++ === pause) {
        reached();
        await resumed;
      }
      return go();
    };
    const options = { partitions, masterKey };
    const slow = new MongoEventStore(interceptedDatabase(await here.connect(), watch), publishTold, options);
    const quick = new MongoEventStore(await here.connect(), publishTold, options);
    await quick.append('note-1', 0, [told(1, 'a'), told(2)], metaOf('quick-1'));
    const work = slow
      .append('note-1', 2, [told(3, 'a'), told(4)], metaOf('slow-1'))
      .then(() => slow.append('note-2', 0, [told(5, 'a')], metaOf('slow-2')))
      .then(() => slow.readPage(0, 0, 100))
      .then(() => false);
    passed = await Promise.race([work, paused.then(() => true)]);
    const { version } = await quick.load('note-1', 0);
    await quick.append('note-1', version, [told(6, 'a')], metaOf('quick-2'));
    await quick.append('note-3', 0, [told(7, 'a')], metaOf('quick-3'));
    const before = await Promise.all([0, 1, 2].map((partition) => wholePartition(quick, partition)));
    resume();
    await work;
    const all = await expectConsistent(await here.connect(), partitions, [
      'quick-1',
      'quick-2',
      'quick-3',
      'slow-2',
    ]);
    for (const [partition, events] of before.entries()) {
      const now = all.filter((event) => event.partition === partition);
      expect(now.slice(0, events.length)).toEqual(events);
    }
  }
  expect(pause).toBeGreaterThan(12);
});

it('keeps the order of a stream within a partition over commits that do not touch it', async () => {
  const [here, elsewhere] = ['key-1', 'key-2', 'key-3', 'key-4'].reduce(
    ([one, other], key) =>
      partitionOf(key, partitions) === partitionOf(one!, partitions) ? [one, other] : [one, key],
    ['key-0', ''],
  );
  const blind = await storeOf((operation, go) => {
    if (operation.collection === 'pages') throw new Error('no pages');
    return go();
  });
  const keys = [here, elsewhere, elsewhere, here];
  for (const [n, key] of keys.entries()) await blind.append('note-1', n, [told(n, key)], metaOf(`${n}`));
  let missed = false;
  const store = await storeOf(async ({ collection, name, filter }, go) => {
    const found = (await go()) as { _id: string }[];
    if (missed || collection !== 'commits' || name !== 'find' || !('pending' in (filter as object)))
      return found;
    missed = true;
    return found.filter(({ _id }) => _id !== 'note-1:0000000001');
  });
  const events = await wholePartition(store, partitionOf(here!, partitions));
  expect(missed).toBe(true);
  expect(events.map(({ version }) => version)).toEqual([1, 4]);
});

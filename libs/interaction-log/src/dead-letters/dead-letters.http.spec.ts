import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import {
  DeadLetters,
  Relay,
  type Adapters,
  type AnyEvent,
  type DeadLetter,
  type EventStore,
  type Publish,
  type TopicBatch,
  type TopicRecord,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { IngestController } from '../ingest/ingest.controller.js';
import { InteractionLogModule } from '../interaction-log.module.js';

const now = new Date('2024-06-01T12:00:00.000Z');
const topic = 'readership.ingest';
const source = 'urn:ils:north';

let adapters: Adapters;
let app: TestApp;
let shown: DeadLetter[];
/** Chooses the streams for which the store is unavailable, which interrupts a batch between append and notice. */
let away: (stream: string) => boolean;
let topicAway: number;

class Shown extends DeadLetters {
  async send(letters: readonly DeadLetter[]): Promise<void> {
    if (topicAway-- > 0) throw new Error('the topic is away');
    shown.push(...letters);
  }
}

/** The store, which may be unavailable for some streams. */
function restless(store: EventStore): EventStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const commits = name === 'appendEach' ? (args[0] as { stream: string }[]) : [];
        const streams = name === 'append' ? [args[0] as string] : commits.map(({ stream }) => stream);
        if (streams.some((stream) => away(stream))) throw new Error('the store is away');
        return (value as (...of: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

async function published(stream: string, version: number, told: object): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const meta = { commandId: randomUUID(), at: now.toISOString(), actor: 'test' };
  await store.append(stream, version, [{ type: 'Told', data: { key: stream, fact: told } }], meta);
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

const branch = (id: string, library: string) =>
  published(`branch-${id}`, 0, fact('BranchAdded', { id, name: id, library, timeZone: 'UTC' }));
const allow = (body: object) => app.when({ method: 'PUT', url: '/v1/sources', body }).then(200);

let count = 0;
const event = (data: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  specversion: '1.0',
  source,
  id: `event-${++count}`,
  type: 'org.readership.interaction.v1',
  time: '2024-03-31T09:15:00Z',
  data: { kind: 'loan', branch: 'NORTH', ...data },
  ...more,
});
const structured = { 'content-type': 'application/cloudevents+json' };
const record = (value: unknown, headers: Record<string, string> = structured, key?: string): TopicRecord => ({
  offset: 0,
  timestamp: now.getTime(),
  key: key === undefined ? null : Buffer.from(key),
  value: value === null || Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
  headers,
});
let offset = 0;
const batchOf = (records: readonly TopicRecord[]): TopicBatch => ({
  topic,
  partition: 2,
  records: records.map((one) => ({ ...one, offset: offset++ })),
});
const handled = (batch: TopicBatch) => app.app.get(IngestController, { strict: false }).take(batch);
const taken = async (...records: readonly TopicRecord[]): Promise<TopicBatch> => {
  const batch = batchOf(records);
  await handled(batch);
  return batch;
};

const listed = async (query = ''): Promise<any[]> => {
  await app.settled();
  return (await app.when({ url: `/v1/dead-letters?limit=200${query}` }).then(200)).body.items;
};
/** The dead letters of a batch, by offset. */
const lettersOf = async ({ records }: TopicBatch) => {
  const offsets = records.map((one) => one.offset);
  return (await listed()).filter((letter) => offsets.includes(letter.offset));
};
const tell = (id: string, what: 'replay' | 'discard', headers = {}) =>
  app.when({ method: 'POST', url: `/v1/dead-letters/${id}/${what}`, headers });

async function recorded(): Promise<number> {
  await app.settled();
  const store = adapters.eventStore('interaction-log', () => ({ key: '', fact: null }));
  let facts = 0;
  for (let partition = 0; partition < store.partitions; partition++) {
    facts += (await store.account(partition)).facts;
  }
  return facts;
}

beforeAll(async () => {
  const memory = memoryAdapters({ partitions: 3 });
  adapters = Object.create(memory, {
    deadLetters: { value: new Shown() },
    eventStore: {
      value: (context: string, publish: Publish<any>) => restless(memory.eventStore(context, publish)),
    },
  }) as Adapters;
  away = () => false;
  topicAway = 0;
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters, { now: () => now });
  for (const id of ['CITY', 'COUNTY']) {
    await published(`library-${id}`, 0, fact('LibraryAdded', { id, name: id }));
  }
  await branch('NORTH', 'CITY');
  await branch('EAST', 'COUNTY');
  await allow({ source, branches: ['NORTH'] });
});
beforeEach(() => {
  shown = [];
  away = () => false;
  topicAway = 0;
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

describe('a batch of good and bad records', () => {
  const { data: binaryData, ...attributes } = event();
  const binary = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [`ce_${name}`, String(value)]),
  );
  const bad: readonly [string, TopicRecord, string?][] = [
    ['TOMBSTONE', record(null, {})],
    ['TOMBSTONE', record(null, binary)],
    ['NOT_A_CLOUDEVENT', record(event(), {})],
    ['MALFORMED_JSON', record(Buffer.from('{"source":'))],
    ['NOT_UTF8', record(Buffer.from([0x22, 0xff, 0x22]))],
    ['RECORD_TOO_LARGE', record(Buffer.alloc(2_000_000, 0x20))],
    ['UNKNOWN_KIND', record(event({ kind: 'dance' })), '/data/kind'],
    ['TIME_IN_FUTURE', record(event({}, { time: '2031-01-01T00:00:00Z' })), '/time'],
    ['UNKNOWN_FIELD', record(event({ colour: 'red' })), '/data/colour'],
    ['UNKNOWN_FIELD', record(event({ '12345678': true })), '/data'],
    ['UNKNOWN_SOURCE', record(event({}, { source: 'urn:stranger' })), '/source'],
    ['SOURCE_NOT_ALLOWED', record(event({ branch: 'EAST' })), '/data/branch'],
    ['UNKNOWN_BRANCH', record(event({ branch: 'NOWHERE' })), '/data/branch'],
  ];
  let batch: TopicBatch;
  let before: number;

  beforeAll(async () => {
    before = await recorded();
    batch = batchOf([
      record(event()),
      ...bad.map(([, one]) => one),
      record(binaryData, { ...binary, 'content-type': 'application/json' }),
    ]);
    shown = [];
    await handled(batch);
  });

  it('is recorded as far as it is good', async () => expect(await recorded()).toBe(before + 2));

  it('and parked with the reason as far as it is bad, without what it says', async () => {
    const letters = await lettersOf(batch);
    expect(letters.map(({ reason, pointer }) => [reason, pointer])).toEqual(
      bad.map(([reason, , pointer]) => [reason, pointer]),
    );
    expect(letters[10]).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      state: 'parked',
      topic,
      partition: 2,
      offset: batch.records[11]!.offset,
      sentAt: now.toISOString(),
      source: 'urn:stranger',
      key: null,
      reason: 'UNKNOWN_SOURCE',
      pointer: '/source',
      kept: true,
      parkedAt: now.toISOString(),
      triedAt: null,
      interaction: null,
    });
    expect(letters.map(({ kept }) => kept)).toEqual(bad.map(([reason]) => reason !== 'RECORD_TOO_LARGE'));
  });

  it('changes nothing when it comes again', async () => {
    const [letters, facts] = [await listed(), await recorded()];
    await handled(batch);
    expect(await listed()).toEqual(letters);
    expect(await recorded()).toBe(facts);
  });
});

it('what is parked is shown on the topic, as it came', async () => {
  const batch = await taken(record(event({ kind: 'dance' }), structured, 'key-7'), record(event()));
  const [letter] = await lettersOf(batch);
  expect(shown).toEqual([
    { id: letter.id, topic, partition: 2, record: batch.records[0], reason: 'UNKNOWN_KIND', source },
  ]);
});

it('the key is told as a pseudonym, the same for the same key', async () => {
  const batch = await taken(...['a', 'a', 'b'].map((key) => record(null, {}, key)));
  const keys = (await lettersOf(batch)).map(({ key }) => key as string);
  expect(keys[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect([keys[1] === keys[0], keys[2] === keys[0]]).toEqual([true, false]);
});

it('another record at the same place, of a topic made anew, is parked too', async () => {
  const batch = batchOf([record(event({ kind: 'dance' }))]);
  await handled(batch);
  await handled({ ...batch, records: [{ ...batch.records[0]!, value: Buffer.from('rubbish') }] });
  expect((await lettersOf(batch)).map(({ reason }) => reason).sort()).toEqual([
    'MALFORMED_JSON',
    'UNKNOWN_KIND',
  ]);
});

it('a library speaks for the branches that it has now', async () => {
  await branch('WEST', 'CITY');
  await allow({ source: 'urn:city', libraries: ['CITY'] });
  const west = () => record(event({ branch: 'WEST' }, { source: 'urn:city' }));
  const before = await recorded();
  await taken(west());
  expect(await recorded()).toBe(before + 1);
  await published('branch-WEST', 1, fact('BranchTransferred', { id: 'WEST', library: 'COUNTY' }));
  await app.settled();
  const [letter] = await lettersOf(await taken(west()));
  expect(letter.reason).toBe('SOURCE_NOT_ALLOWED');
});

describe('replaying', () => {
  it.each([
    ['', {}],
    [' with an idempotency key', { 'idempotency-key': 'one' }],
  ])('takes a record when its source is allowed by now, once, and tells as what%s', async (name, headers) => {
    const late = `urn:late${name.length}`;
    const [letter] = await lettersOf(await taken(record(event({}, { source: late }))));
    await tell(letter.id, 'replay', headers).then(409, {
      code: 'STILL_REFUSED',
      errors: [{ code: 'UNKNOWN_SOURCE' }],
    });
    await allow({ source: late, branches: ['NORTH'] });
    const before = await recorded();
    const { body } = await tell(letter.id, 'replay', headers).then(200, { state: 'replayed' });
    await tell(letter.id, 'replay', headers).then(200, body);
    expect(await recorded()).toBe(before + 1);
    await app.when({ url: `/v1/interactions/${body.interaction}` }).then(200, { branch: 'NORTH' });
    await tell(letter.id, 'discard').thenRefused(409, 'ALREADY_REPLAYED');
    expect((await listed('&state=replayed')).map(({ id }) => id)).toContain(letter.id);
    expect((await listed('&state=parked')).map(({ id }) => id)).not.toContain(letter.id);
  });

  it('judges by the rules of today, and tells the reason of today', async () => {
    const [letter] = await lettersOf(await taken(record(event({ branch: 'LATER' }))));
    expect(letter.reason).toBe('UNKNOWN_BRANCH');
    await branch('LATER', 'COUNTY');
    await tell(letter.id, 'replay').thenRefused(409, 'STILL_REFUSED');
    await app.settled();
    await app
      .when({ url: `/v1/dead-letters/${letter.id}` })
      .then(200, { reason: 'SOURCE_NOT_ALLOWED', state: 'parked' });
  });

  it('takes what was recorded meanwhile for the same', async () => {
    const twin = event({}, { source: 'urn:twin' });
    const [letter] = await lettersOf(await taken(record(twin)));
    await allow({ source: 'urn:twin', branches: ['NORTH'] });
    await taken(record(twin));
    const before = await recorded();
    await tell(letter.id, 'replay').then(200, { state: 'replayed' });
    expect(await recorded()).toBe(before);
  });

  it('is possible for the largest record that is kept, and not for a larger one', async () => {
    const name = 'urn:large';
    const large = JSON.stringify(event({}, { source: name })).padEnd(128 * 1024 - 100);
    const batch = await taken(record(Buffer.from(large)), record(Buffer.alloc(128 * 1024 + 1)));
    const [kept, gone] = await lettersOf(batch);
    await allow({ source: name, branches: ['NORTH'] });
    await tell(kept.id, 'replay').then(200, { state: 'replayed' });
    await tell(gone.id, 'replay').thenRefused(409, 'CONTENT_NOT_KEPT');
  });

  it('and discarding are recorded with who did them', async () => {
    const [letter] = await lettersOf(await taken(record(event({ kind: 'dance' }))));
    await tell(letter.id, 'replay').thenRefused(409, 'STILL_REFUSED');
    await tell(letter.id, 'discard').then(200, { state: 'discarded' });
    await tell(letter.id, 'discard').then(200, { state: 'discarded' });
    await tell(letter.id, 'replay').thenRefused(409, 'ALREADY_DISCARDED');
    const store = adapters.eventStore('interaction-log', () => ({ key: '', fact: null }));
    const { events } = await store.load(`dead-letter-${letter.id}`);
    expect(events.map(({ type, actor, fact }) => [type, actor, fact])).toEqual([
      ['RecordParked', 'ingest', null],
      ['ReplayRefused', 'admin', null],
      ['RecordDiscarded', 'admin', null],
    ]);
  });

  it.each(['replay', 'discard'] as const)('is refused for what is not known: %s', async (what) => {
    await tell('x'.repeat(43), what).thenRefused(404, 'UNKNOWN_DEAD_LETTER');
    await tell('x', what).thenRefused(404, 'UNKNOWN_DEAD_LETTER');
  });
});

it('dead letters are listed in the order in which they lay, in pages, by state', async () => {
  const all = await listed();
  const offsets = all.map((letter) => letter.offset as number);
  expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  const paged: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await app
      .when({ url: `/v1/dead-letters?limit=7${cursor && `&cursor=${cursor}`}` })
      .then(200);
    expect(body.items.length).toBeLessThanOrEqual(7);
    paged.push(...body.items);
    cursor = body.nextCursor;
  }
  expect(paged).toEqual(all);
  const { body } = await app.when({ url: '/v1/dead-letters?limit=1' }).then(200);
  await app
    .when({ url: `/v1/dead-letters?state=parked&cursor=${body.nextCursor}` })
    .thenRefused(422, 'BAD_CURSOR');
  await app.when({ url: '/v1/dead-letters?state=lost' }).thenRefused(422, 'UNKNOWN_STATE');
});

describe('when something is away', () => {
  it('a batch is not done, and parks nothing that is good', async () => {
    const batch = batchOf([record(event()), record(null, {}), record(event())]);
    const before = await recorded();
    away = () => true;
    await expect(handled(batch)).rejects.toThrow('the store is away');
    away = () => false;
    await handled(batch);
    expect(await recorded()).toBe(before + 2);
    expect((await lettersOf(batch)).map(({ reason }) => reason)).toEqual(['TOMBSTONE']);
  });

  it('a batch whose dead letters could not be shown comes again, and shows them', async () => {
    const batch = batchOf([record(event()), record(null, {})]);
    const before = await recorded();
    topicAway = 1;
    await expect(handled(batch)).rejects.toThrow('the topic is away');
    expect(shown).toEqual([]);
    await handled(batch);
    expect(shown.map(({ reason }) => reason)).toEqual(['TOMBSTONE']);
    expect([await recorded(), (await lettersOf(batch)).length]).toEqual([before + 1, 1]);
  });

  it('one record that fails again and again is parked, and the others are recorded', async () => {
    const doomed = event();
    const batch = batchOf([record(event()), record(doomed), record(event())]);
    const before = await recorded();
    const { id } = (await app.when({ url: '/v1/interactions', body: doomed }).then(201)).body;
    // The stream of the failing record exists, so that the fault occurs only when it is taken again.
    away = (stream) => stream === `interaction-${id}`;
    for (let time = 0; time < 10; time++) await expect(handled(batch)).rejects.toThrow('the store is away');
    await handled(batch);
    away = () => false;
    expect(await recorded()).toBe(before + 3);
    const [letter] = await lettersOf(batch);
    expect(letter).toMatchObject({ reason: 'CANNOT_RECORD', offset: batch.records[1]!.offset });
    await tell(letter.id, 'replay').then(200, { state: 'replayed', interaction: id });
  });
});

it('a batch that was cut off in the middle is finished when it comes again', async () => {
  const batch = batchOf([record(event()), record(null, {}), record(event({ kind: 'dance' }))]);
  const before = await recorded();
  away = (stream) => stream.startsWith('dead-letter-');
  await expect(handled(batch)).rejects.toThrow('the store is away');
  expect(await recorded()).toBe(before + 1);
  away = () => false;
  await handled(batch);
  expect([await recorded(), (await lettersOf(batch)).length]).toEqual([before + 1, 2]);
});

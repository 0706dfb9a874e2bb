import {
  Gap,
  handle,
  OwnEventsConsumer,
  ownEvent,
  ProcessorGroup,
  reactionProcessor,
  Refusal,
  Relay,
  readModelProcessor,
  Stale,
  uuid5,
  logConsumer,
  type Decider,
  type Delivered,
  type Event,
  type EventTally,
  type Keyed,
  type LogRecord,
  type Meta,
  type OwnRecord,
  type Publish,
} from '@readership/kernel';
import { memoryAdapters } from './index.js';

type Counted = Event<'Counted', { readonly by: number }>;
type Command = { readonly by: number } | 'nothing' | 'refuse';

const counter: Decider<number, Command, Counted> = {
  category: 'counter',
  initial: 0,
  decide(command) {
    if (command === 'nothing') return [];
    if (command === 'refuse') throw new Refusal('NOT_COUNTED', 'conflict', 'It is not counted.');
    return [{ type: 'Counted', data: { by: command.by } }];
  },
  evolve: (sum, event) => sum + event.data.by,
};

const publish: Publish<Counted> = (event, stream) => ({
  key: stream,
  fact: event.data.by < 0 ? null : { type: 'Counted', schema: 1, data: event.data },
});

let commands = 0;
const meta = (): Meta => ({
  commandId: uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', `${commands++}`),
  at: '2026-03-01T10:00:00.000Z',
  actor: 'spec',
});

let adapters: ReturnType<typeof memoryAdapters>;
const opened = (partitions = 1) => (adapters = memoryAdapters({ partitions }));
afterEach(() => adapters.close());

describe('handling a command', () => {
  const store = () => opened().eventStore('counters', publish);

  it('loads, decides and appends', async () => {
    const counters = store();
    await handle(counters, counter, 'a', { by: 2 }, meta());
    const handled = await handle(counters, counter, 'a', { by: 3 }, meta());
    expect(handled).toMatchObject({ state: 5, version: 2, events: [{ type: 'Counted', data: { by: 3 } }] });
    expect(handled.marks![0]).toEqual({ taken: await counters.end(0), published: await counters.end(0) });
  });

  it('records nothing when it is so already', async () => {
    const counters = store();
    await handle(counters, counter, 'a', { by: 2 }, meta());
    expect(await handle(counters, counter, 'a', 'nothing', meta())).toEqual({
      state: 2,
      version: 1,
      events: [],
      marks: {},
    });
  });

  it('records nothing when it is refused', async () => {
    const counters = store();
    await expect(handle(counters, counter, 'a', 'refuse', meta())).rejects.toMatchObject({
      code: 'NOT_COUNTED',
    });
    expect((await counters.load('counter-a')).events).toEqual([]);
  });

  it('is refused with VERSION_MISMATCH when the stream is not at the version asked for', async () => {
    const counters = store();
    await handle(counters, counter, 'a', { by: 2 }, meta());
    await handle(counters, counter, 'a', { by: 2 }, meta(), [1]);
    await expect(handle(counters, counter, 'a', { by: 2 }, meta(), [1])).rejects.toMatchObject({
      code: 'VERSION_MISMATCH',
      kind: 'stale',
    });
    expect((await counters.load('counter-a')).version).toBe(2);
  });

  it('decides again on what others recorded meanwhile', async () => {
    const counters = store();
    await Promise.all([1, 2, 3].map((by) => handle(counters, counter, 'a', { by }, meta())));
    expect(await handle(counters, counter, 'a', 'nothing', meta())).toMatchObject({ state: 6, version: 3 });
  });

  /** A store in which somebody else records something between every load and the append that follows it. */
  const contested = (times: number) => {
    const counters = store();
    let left = times;
    const load = counters.load.bind(counters);
    counters.load = async (stream, after) => {
      const page = await load(stream, after);
      if (left-- > 0)
        await counters.append(stream, page.version, [{ type: 'Counted', data: { by: 10 } }], meta());
      return page;
    };
    return counters;
  };

  it('tries again when it loses', async () =>
    expect(await handle(contested(4), counter, 'a', { by: 1 }, meta())).toMatchObject({
      state: 41,
      version: 5,
    }));

  it('asks on every attempt whether the state that it meets may be changed, before it compares versions', async () => {
    const met: number[] = [];
    const expectPermitted = async (sum: number): Promise<void> => {
      met.push(sum);
      if (sum >= 20) throw new Refusal('OUT_OF_SCOPE', 'forbidden', 'It is out of scope.');
    };
    const counters = contested(1000);
    await expect(
      handle(counters, counter, 'a', { by: 1 }, meta(), undefined, expectPermitted),
    ).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' });
    expect(met).toEqual([0, 10, 20]);
    await expect(
      handle(counters, counter, 'a', { by: 1 }, meta(), [99], expectPermitted),
    ).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' });
  });

  it('is refused with BUSY when it lost five times', async () => {
    const counters = contested(1000);
    await expect(handle(counters, counter, 'a', { by: 1 }, meta())).rejects.toMatchObject({
      code: 'BUSY',
      kind: 'not-yet',
    });
  });
});

/** A visit, or a visit taken back. */
interface Fact extends Keyed {
  readonly type: 'Visited' | 'Undone';
  readonly branch: string;
}
interface Given extends Delivered {
  readonly fact: Fact;
}
const volume: EventTally<Fact> = {
  name: 'volume',
  version: 1,
  on: ['Visited', 'Undone'],
  cells: (fact) => new Map([[fact.branch, fact.type === 'Visited' ? 1 : -1]]),
};
const decode = ({ fact }: Given): Fact => fact;

/** Records with dense offsets and positions. */
const records = (
  ...seeds: readonly (readonly [key: string, branch: string, type?: Fact['type']])[]
): Given[] =>
  seeds.map(([key, branch, type = 'Visited'], i) => ({
    offset: i + 1,
    context: 'log',
    position: i + 1,
    previous: i,
    key,
    type,
    recordedAt: '2026-03-01T10:00:00.000Z',
    fact: { key, type, branch },
  }));

describe('a reaction', () => {
  const react = () => {
    const models = opened().readModels('feedback');
    const seen: Fact[][] = [];
    let broken = false;
    const reaction = {
      name: 'invite',
      on: ['Visited'] as const,
      react: async (facts: readonly Fact[]) => {
        if (broken) throw new Error('not now');
        seen.push([...facts]);
      },
    };
    return {
      models,
      seen,
      reaction,
      processor: reactionProcessor<Given, Fact>(reaction, models),
      break: (it: boolean) => (broken = it),
    };
  };
  const all = records(['ada', 'N'], ['ada', 'N', 'Undone'], ['bob', 'N'], ['bob', 'S']);

  it('sees the facts it asks for, once and in order', async () => {
    const { models, seen, processor } = react();
    await processor.process(0, all.slice(0, 3), decode);
    await processor.process(0, all, decode);
    expect(seen).toEqual([[all[0]!.fact, all[2]!.fact], [all[3]!.fact]]);
    expect(await models.checkpoint('reaction.invite', 0)).toMatchObject({
      offset: 4,
      applied: 3,
      skipped: 1,
    });
  });

  it('sees them again when it failed', async () => {
    const it = react();
    it.break(true);
    await expect(it.processor.process(0, all, decode)).rejects.toThrow('not now');
    it.break(false);
    await it.processor.process(0, all, decode);
    expect(it.seen.flat()).toHaveLength(3);
  });

  it('is stale when another has moved its checkpoint', async () => {
    const { models, reaction, processor } = react();
    await processor.process(0, all.slice(0, 1), decode);
    await reactionProcessor<Given, Fact>(reaction, models).process(0, all, decode);
    await expect(processor.process(0, all, decode)).rejects.toThrow(Stale);
    expect((await processor.checkpoint(0)).offset).toBe(4);
  });

  it('throws on a gap', async () => {
    const { processor, seen } = react();
    await expect(processor.process(0, all.slice(1), decode)).rejects.toThrow(Gap);
    expect(seen).toEqual([]);
  });
});

describe('a group', () => {
  const all = records(['ada', 'N'], ['bob', 'N'], ['bob', 'S']);

  it('begins where the one that is furthest behind begins, and finishes what was cut short', async () => {
    const models = opened().readModels('analytics');
    const order: string[] = [];
    const first = readModelProcessor<Given, Fact>({ tally: volume }, models);
    const reaction = {
      name: 'after',
      on: ['Visited'] as const,
      react: async () => void order.push(`${(await models.checkpoint('volume.v1', 0)).offset}`),
    };
    const second = reactionProcessor<Given, Fact>(reaction, models);
    await first.process(0, all.slice(0, 2), decode);
    let decoded = 0;
    const counted = (record: Given): Fact => (decoded++, record.fact);
    const group = new ProcessorGroup<Given, Fact>([first, second], counted);
    expect(await group.start(0)).toBe(0);
    await group.process(0, all);
    expect(await group.start(0)).toBe(3);
    expect(order).toEqual(['3']);
    expect(decoded).toBe(3);
    expect(await models.cells('volume.v1', [{ from: '', to: '~' }])).toEqual(
      new Map([
        ['N', 2],
        ['S', 1],
      ]),
    );
    const other = readModelProcessor<Given, Fact>({ tally: { ...volume, name: 'other' } }, models);
    await new ProcessorGroup<Given, Fact>([other], counted).process(0, all);
    expect((await models.checkpoint('other.v1', 0)).applied).toBe(3);
    // What one group decoded, another that is given the same records does not decode again.
    expect(decoded).toBe(3);
  });
});

describe('from a store to its log and its read models', () => {
  interface Count extends Keyed {
    readonly type: 'Counted';
    readonly data: { readonly by: number };
  }
  const sums: EventTally<Count> = {
    name: 'sums',
    version: 1,
    on: ['Counted'],
    cells: (fact) => new Map([['sum', fact.data.by]]),
  };
  const decodeCount = ({ key, body }: LogRecord): Count => ({
    type: 'Counted',
    key,
    data: JSON.parse(body) as Count['data'],
  });

  it('a relay publishes facts in order and passes over what is private', async () => {
    const { eventLog, ...rest } = {
      eventLog: opened().eventLog,
      store: adapters.eventStore('counters', publish),
    };
    const relay = new Relay('counters', 0, rest.store, eventLog);
    expect(await relay.step()).toBe(0);
    for (const by of [1, -2, 3, -4]) await handle(rest.store, counter, 'a', { by }, meta());
    expect(await relay.step()).toBe(4);
    expect(await relay.step()).toBe(0);
    expect(await eventLog.lane('counters', 0)).toMatchObject({ scanned: await rest.store.end(0) });
    const got: LogRecord[] = [];
    const reading = await eventLog.consume({
      group: 'g',
      window: 9,
      start: async () => 0,
      take: async (_, page) => void got.push(...page),
    });
    while (got.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await reading.stop();
    expect(got.map(({ body }) => JSON.parse(body))).toEqual([{ by: 1 }, { by: 3 }]);
    expect(got[1]!.previous).toBe(got[0]!.position);
  });

  it('relays beside each other publish each fact once, and every group counts it once', async () => {
    const { eventLog } = opened(3);
    const store = adapters.eventStore('counters', publish);
    const models = adapters.readModels('analytics');
    const processor = readModelProcessor<LogRecord, Count>({ tally: sums }, models);
    const consumption = await eventLog.consume(
      logConsumer('analytics', 4, new ProcessorGroup([processor], decodeCount), eventLog),
    );
    const relays = [0, 1, 2, 0, 1, 2].map((p) => new Relay('counters', p, store, eventLog));
    for (let n = 0; n < 40; n++) {
      await handle(store, counter, `${n % 9}`, { by: n }, meta());
      if (n % 4 === 0) await Promise.all(relays.map((relay) => relay.step()));
    }
    await Promise.all(relays.map((relay) => relay.step()));
    const applied = async () => (await models.cells('sums.v1', [{ from: '', to: '~' }])).get('sum');
    for (let i = 0; i < 400 && (await applied()) !== 780; i++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await consumption.stop();
    expect(await applied()).toBe(780);
  });

  it('a feed of its own events takes private ones too, in pages', async () => {
    const store = opened().eventStore('counters', publish);
    const models = adapters.readModels('counters');
    const processor = readModelProcessor<OwnRecord, Count>({ tally: sums }, models);
    const feed = new OwnEventsConsumer(
      'counters',
      store,
      new ProcessorGroup([processor], ownEvent<Count>),
      2,
    );
    for (const by of [1, -20, 300]) await handle(store, counter, 'a', { by }, meta());
    expect([await feed.step(0), await feed.step(0), await feed.step(0)]).toEqual([2, 1, 0]);
    expect(await models.cells('sums.v1', [{ from: '', to: '~' }])).toEqual(new Map([['sum', 281]]));
    expect(await models.checkpoint('sums.v1', 0)).toMatchObject({
      applied: 3,
      lanes: { counters: await store.end(0) },
    });
  });
});

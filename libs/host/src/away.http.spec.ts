import { Body, Controller, Get, Inject, Param, Post, type DynamicModule } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import {
  EventStore,
  handle,
  ReadModels,
  Stale,
  StoreBehindLog,
  Unavailable,
  type Adapters,
  type Decider,
  type Event,
  type LogRecord,
  type Meta,
  type Projection,
  type Publish,
} from '@readership/kernel';
import { Needs } from './routes.js';
import { Answer } from './answer.js';
import { contextModule } from './context.js';
import type { ContextParts } from './context-parts.js';
import { Contexts } from './contexts.js';
import { eventually } from './eventually.js';
import { RequestMeta } from './request.js';
import { LogConsumers } from './running-context.js';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';

type Knocked = Event<'Knocked', { door: string }>;
type Seen = Knocked & { key: string };

const doors: Decider<null, { door: string }, Knocked> = {
  category: 'door',
  initial: null,
  decide: (data) => [{ type: 'Knocked', data }],
  evolve: () => null,
};
const publish: Publish<Knocked> = ({ data }) => ({
  key: data.door,
  fact: { type: 'Knocked', schema: 1, data },
});
const projection = (name: string): Projection<Seen, { knocks: number }> => ({
  name,
  version: 1,
  on: ['Knocked'],
  key: ({ key }) => key,
  apply: (row) => ({ knocks: (row?.knocks ?? 0) + 1 }),
});

@Controller('v1/doors')
@Needs('any credential')
class DoorsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
  ) {}

  @Post(':door')
  async knock(@Param('door') door: string, @Body() _: unknown, @RequestMeta() meta: Meta): Promise<object> {
    return new Answer({ door }, await handle(this.store, doors, door, { door }, meta));
  }

  @Get(':door')
  async heard(@Param('door') door: string): Promise<object> {
    return { row: await this.models.get('heard-knocks.v1', door) };
  }
}

class DoorsModule {}

const parts: ContextParts = {
  name: 'feedback',
  module: DoorsModule,
  publish,
  checkFact: () => undefined,
  controllers: [DoorsController],
  own: { models: [{ projection: projection('own-knocks') }] },
  log: {
    models: [{ projection: projection('heard-knocks') }],
    decode: (record: LogRecord) => ({
      type: 'Knocked',
      key: record.key,
      data: JSON.parse(record.body) as unknown,
    }),
  },
};
const modules = (on: Adapters): DynamicModule[] => [contextModule(on, parts)];
const addresses = { LOG_UNAVAILABLE: 'Kafka at kafka-1:9092', STORE_UNAVAILABLE: 'MongoDB at mongo-1:27017' };
const away = new Unavailable('LOG_UNAVAILABLE', 'gone');
const start = Date.parse('2026-03-01T10:00:00.000Z');

let now: number;
let adapters: Adapters;
let app: TestApp | null;
let store: EventStore;

beforeEach(() => {
  now = start;
  app = null;
  adapters = memoryAdapters({ partitions: 2 });
  const made = adapters.eventStore.bind(adapters);
  adapters.eventStore = (...of) => (store = made(...of));
});
afterEach(async () => {
  await app?.close();
  await adapters.close();
});

async function started(): Promise<TestApp> {
  app = await startApp(modules, adapters, { now: () => new Date(now), addresses });
  return app;
}
const knock = (door: string): { url: string; body: object } => ({ url: `/v1/doors/${door}`, body: {} });
const readyz = { url: '/readyz', key: null } as const;

async function until(holds: () => Promise<boolean>): Promise<void> {
  expect(await eventually(async () => ((await holds()) ? true : null), 20_000)).toBe(true);
}
const failing = async (): Promise<{ loop: string; reason: string; since: string; address?: string }[]> =>
  (await app!.http(readyz)).body.failing;

describe('a loop that fails', () => {
  const loops: readonly (readonly [string, () => void])[] = [
    ['relay', () => (adapters.eventLog.publish = () => Promise.reject(away))],
    ['consumer of own events', () => failTheModel('own-knocks.v1')],
    ['consumer feedback', () => failTheModel('heard-knocks.v1')],
    ['store watch', () => (store.changed = () => Promise.reject(away))],
  ];

  /** Makes every later write of the read model fail. */
  function failTheModel(failed: string): void {
    const models = adapters.readModels('feedback');
    const commit = models.commit.bind(models);
    models.commit = (model, ...batch) => (model === failed ? Promise.reject(away) : commit(model, ...batch));
  }

  it.each(loops)('for 60 s makes the instance unready, which says that it is the %s', async (loop, fail) => {
    const { when, http } = bound(await started());
    await when(readyz).then(200, { status: 'ready', failing: [] });
    fail();
    await when(knock('a')).then(201);
    // The loop has failed at least once when its failure is as old as the clock says.
    await until(async () => {
      now += 59_000;
      const told = await failing();
      return told.some((one) => one.loop === loop);
    });
    const { status, body } = await http(readyz);
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: 'unavailable', ready: false });
    expect(body.failing.filter((one: { loop: string }) => one.loop === loop)).toEqual([
      {
        loop,
        context: 'feedback',
        ...(loop === 'store watch' ? {} : { partitions: [expect.any(Number)] }),
        since: expect.stringMatching(/^2026-03-01T/),
        reason: 'LOG_UNAVAILABLE',
        address: 'Kafka at kafka-1:9092',
      },
    ]);
    await when({ url: '/healthz', key: null }).then(200);
  });

  it('because the store is away is noticed without any request', async () => {
    await started();
    await app!.settled();
    const gone = new Unavailable('STORE_UNAVAILABLE', 'gone');
    store.readOutbox = () => Promise.reject(gone);
    await until(async () => {
      now += 59_000;
      return (await failing()).some(({ loop }) => loop === 'relay');
    });
    expect(await failing()).toContainEqual(
      expect.objectContaining({ reason: 'STORE_UNAVAILABLE', address: 'MongoDB at mongo-1:27017' }),
    );
  });

  it('and succeeds again is ready again', async () => {
    const { when } = bound(await started());
    const real = adapters.eventLog.publish.bind(adapters.eventLog);
    let failures = 0;
    adapters.eventLog.publish = () => {
      failures++;
      return Promise.reject(away);
    };
    await when(knock('a')).then(201);
    await until(async () => failures > 0);
    expect(await failing()).toEqual([]);
    now += 61_000;
    await until(async () => (await app!.http(readyz)).status === 503);
    adapters.eventLog.publish = real;
    await until(async () => (await app!.http(readyz)).status === 200);
  });

  it('by hanging makes the instance unready as well', async () => {
    const { when } = bound(await started());
    const real = adapters.eventLog.publish.bind(adapters.eventLog);
    let hanging = false;
    let letGo: (outcome: 'stale') => void = () => {};
    adapters.eventLog.publish = () => {
      hanging = true;
      return new Promise((resolve) => (letGo = resolve));
    };
    await when(knock('a')).then(201);
    await until(async () => hanging);
    now += 61_000;
    await when(readyz).then(503);
    expect(await failing()).toContainEqual({
      ...{ loop: 'relay', context: 'feedback', partitions: [expect.any(Number)] },
      ...{ since: new Date(start).toISOString(), reason: 'NO_ANSWER' },
    });
    adapters.eventLog.publish = real;
    letGo('stale');
    await until(async () => (await app!.http(readyz)).status === 200);
  });

  it('because another replica is faster at every step leaves the instance ready', async () => {
    const { when } = bound(await started());
    const models = adapters.readModels('feedback');
    const commit = models.commit.bind(models);
    let refusals = 0;
    models.commit = (model, ...batch) => {
      if (model !== 'own-knocks.v1') return commit(model, ...batch);
      refusals++;
      return Promise.reject(new Stale('own-knocks.v1/0 is no longer at 0'));
    };
    await when(knock('a')).then(201);
    await until(async () => refusals > 1);
    now += 61_000;
    const before = refusals;
    await until(async () => refusals > before + 1);
    await when(readyz).then(200, { status: 'ready', failing: [] });
  });

  it('by a halt, which is mended by requests, leaves the instance ready', async () => {
    const { when } = bound(await started());
    const models = adapters.readModels('feedback');
    const commit = models.commit.bind(models);
    let failures = 0;
    models.commit = async (model, ...batch) => {
      if (model !== 'heard-knocks.v1') return commit(model, ...batch);
      failures++;
      throw Object.assign(new Error('too much is parked'), { name: 'Halted' });
    };
    await when(knock('a')).then(201);
    await until(async () => failures > 0);
    now += 61_000;
    await until(async () => failures > 2);
    await until(async () => (await app!.http(readyz)).status === 200);
  });
});

describe('a context that boots while the log is away', () => {
  let answer: () => ReturnType<Adapters['eventLog']['beyond']>;

  beforeEach(() => {
    answer = () => Promise.reject(away);
    adapters.eventLog.beyond = () => answer();
  });

  it('serves reads, refuses writes, and says what it waits for', async () => {
    const { when } = bound(await started());
    await when({ url: '/healthz', key: null }).then(200);
    await when({ url: '/v1/doors/a' }).then(200, { row: null });
    const { headers } = await when(knock('a')).thenRefused(503, 'LOG_UNAVAILABLE');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await when(readyz).then(503, {
      status: 'unavailable',
      checks: [{ name: 'feedback', ready: false }],
      failing: [
        { loop: 'start', context: 'feedback', reason: 'LOG_UNAVAILABLE', address: 'Kafka at kafka-1:9092' },
      ],
    });
    expect((await store.account(0)).recorded + (await store.account(1)).recorded).toBe(0);
  });

  it('takes writes, and carries them to its read models, as soon as the log is there', async () => {
    const { when } = bound(await started());
    await when(knock('a')).thenRefused(503, 'LOG_UNAVAILABLE');
    answer = async () => new Map();
    await until(async () => (await app!.http(readyz)).status === 200);
    await when(knock('a')).then(201);
    await app!.settled();
    await when({ url: '/v1/doors/a' }).then(200, { row: { knocks: 1 } });
  });

  it('goes on refusing writes, and ends, when its store turns out to be older than the log', async () => {
    const { when } = bound(await started());
    answer = async () => new Map([[0, { position: 7, id: 'x' }]]);
    const { mustEnd } = app!.app.get(Contexts, { strict: false });
    expect(await mustEnd).toBeInstanceOf(StoreBehindLog);
    await when(knock('a')).thenRefused(503, 'LOG_UNAVAILABLE');
    await when(readyz).then(503);
  });
});

it('a context whose store is older than a log that is there does not start', async () => {
  adapters.eventLog.beyond = async () => new Map([[0, { position: 7, id: 'x' }]]);
  await expect(started()).rejects.toThrow('Its database is older than the log');
});

it('a context that is told to end begins no more work, though another part still waits for a server', async () => {
  let answered: () => void = () => {};
  const silent = new Promise<void>((resolve) => (answered = resolve));
  // It depends on the context's consumers, so Nest waits for it first.
  const waiting = {
    provide: 'waiting',
    useFactory: () => ({ beforeApplicationShutdown: () => silent }),
    inject: [LogConsumers],
  };
  const withWaiting = { ...parts, providers: [waiting] };
  app = await startApp((on: Adapters) => [contextModule(on, withWaiting)], adapters);
  const ended = new Promise<void>((resolve) => {
    store.changed = (signal) =>
      new Promise((over) => signal.addEventListener('abort', () => (resolve(), over())));
  });
  await app.when(knock('a')).then(201);
  const closing = app.close();
  app = null;
  await ended;
  answered();
  await closing;
});

function bound(of: TestApp): { when: TestApp['when']; http: TestApp['http'] } {
  return { when: of.when.bind(of), http: of.http.bind(of) };
}

import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { EventStore, ReadModels, Unavailable, type Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';

let adapters: Adapters;
let app: TestApp;
let others: Neighbours;
let now: Date;

const partitions = 3;

beforeEach(async () => {
  now = new Date('2024-07-15T12:00:00.000Z');
  adapters = memoryAdapters({ partitions });
  others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => now });
  await others.publish('BranchAdded', 'branch-NORTH', {
    id: 'NORTH',
    name: 'North',
    library: 'CITY',
    timeZone: 'UTC',
  });
  // Some events of every partition were recorded after the end of May.
  for (let n = 0; n < 10 * partitions; n++) await visit('2024-06-20', '2024-07-01');
  await app.settled();
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

async function visit(on: string, recordedOn: string, more: object = {}): Promise<void> {
  const fact = {
    time: `${on}T10:00:00.000Z`,
    kind: 'visit',
    branch: 'NORTH',
    quantity: 1,
    startedBy: 'patron',
    digital: false,
    ...more,
  } as const;
  const interaction = randomUUID();
  const key = `anonymous-${interaction}`;
  const data = { interaction, reference: null, now: fact };
  await others.publish('InteractionRecorded', key, data, `${recordedOn}T12:00:00.000Z`);
}

async function may(): Promise<{ value: number; complete: boolean }> {
  const { body } = await app.when({ url: '/v1/metrics/visits?from=2024-05&to=2024-05' }).then(200);
  return body.points[0];
}

/** Holds up every commit of a read model until the returned function is called. */
function held(): () => void {
  const models = app.app.get(ReadModels, { strict: false });
  const commit = models.commit.bind(models);
  let letGo: () => void = () => {};
  const free = new Promise<void>((resolve) => (letGo = resolve));
  models.commit = async (...batch) => {
    await free;
    return commit(...batch);
  };
  return letGo;
}

describe('a point of a period that has ended', () => {
  it('is complete when nothing on the log waits', async () => {
    expect(await may()).toMatchObject({ value: 0, complete: true });
  });

  it('is not complete while a fact of it waits on the log, however late that was recorded', async () => {
    const letGo = held();
    await visit('2024-05-20', '2024-07-10');
    expect(await may()).toMatchObject({ value: 0, complete: false });
    letGo();
    await app.settled();
    expect(await may()).toMatchObject({ value: 1, complete: true });
  });

  it('is not complete while a fact is parked, until it is replayed or given up', async () => {
    await visit('2024-05-20', '2024-05-20', { kind: null, time: null });
    await app.settled();
    expect(await may()).toMatchObject({ complete: false });
    const { body } = await app.when({ url: '/v1/parked?context=analytics' }).then(200);
    expect(body.items.length).toBeGreaterThan(0);
    for (const { model, partition, key, offset } of body.items) {
      const parked = { model, partition, key, offset };
      await app.when({ url: '/v1/parked/discard?context=analytics', body: parked }).then(200);
    }
    expect(await may()).toMatchObject({ value: 0, complete: true });
  });

  it('is complete some seconds after its end, when the log was asked after it', async () => {
    now = new Date('2024-06-01T00:00:00.000Z');
    expect(await may()).toMatchObject({ complete: false });
    now = new Date('2024-06-01T00:00:10.000Z');
    expect(await may()).toMatchObject({ complete: true });
  });
});

describe('while the log is away', () => {
  let asked: string[];

  beforeEach(() => {
    asked = [];
    for (const question of ['ends', 'account', 'reach', 'beyond'] as const) {
      // Never answers, like a silent broker.
      adapters.eventLog[question] = () => {
        asked.push(question);
        return new Promise<never>(() => {});
      };
    }
    adapters.eventLog.knownEnds = () => null;
  });

  it('figures are answered from the store, with the position they have, and the log is not asked', async () => {
    const url = '/v1/metrics/visits?from=2024-06&to=2024-06&compare=year';
    await app.when({ url }).then(200, ({ asOf, points, comparison }) => {
      expect(asOf).toMatch(/^1:\d+\.\d+\.\d+$/);
      expect(points).toMatchObject([{ value: 10 * partitions, complete: false }]);
      expect(comparison.points).toMatchObject([{ value: 0, complete: false }]);
    });
    await app.when({ url: '/v1/metrics' }).then(200, ({ figures }) => {
      expect(figures).toHaveLength(6);
    });
    expect(asked).toEqual([]);
  });

  it('what is told of the process needs no answer of the log', async () => {
    await app.when({ url: '/healthz', key: null }).then(200);
    await app.when({ url: '/v1/parked?context=analytics' }).then(200, { items: [] });
  });
});

it('an instance that cannot follow which build answers says so', async () => {
  const store = app.app.get(EventStore, { strict: false });
  let failures = 0;
  store.load = () => {
    failures++;
    return Promise.reject(new Unavailable('STORE_UNAVAILABLE', 'gone'));
  };
  while (failures < 2) await new Promise(setImmediate);
  now = new Date(now.getTime() + 61_000);
  while ((await app.http({ url: '/readyz', key: null })).status !== 503) await new Promise(setImmediate);
  const { failing } = (await app.http({ url: '/readyz', key: null })).body;
  expect(failing).toContainEqual(
    expect.objectContaining({ loop: 'builds', context: 'analytics', reason: 'STORE_UNAVAILABLE' }),
  );
});

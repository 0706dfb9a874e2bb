import type { InteractionFact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import { partitionOf, type Adapters, type ReadModels } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';
import { people } from '../readership/people.tally.js';
import { readerActivity } from '../readership/reader-activity.projection.js';
import { volumes } from '../volumes/volumes.tally.js';
import { offered, versionsOf, type Offered } from './figure-models.js';
import type { Rebuild } from './rebuilds.js';

const partitions = 3;
const branch = 'NORTH';

/** A release whose next versions count every interaction ten times and store rows of readers in another shape. */
const newer: Offered = {
  ...offered,
  'reader-activity': {
    ...offered['reader-activity'],
    4: ({ policy, timeZone }) => {
      const second = readerActivity(policy, timeZone);
      return {
        projection: {
          ...second,
          version: `4-${second.version}`,
          apply: (row: any, event: any) => {
            const after = second.apply(row?.known ?? null, event);
            return after === null ? null : { known: after };
          },
        },
        tallies: [{ name: 'people', cells: ({ known }: any) => people(policy).cells(known) }],
      };
    },
  },
  volumes: {
    ...offered.volumes,
    3: ({ timeZone }) => {
      const first = volumes(timeZone);
      const cells = (event: any) => new Map([...first.cells(event)].map(([cell, n]) => [cell, n * 10]));
      return { tally: { ...first, version: 3, cells } };
    },
  },
};

let adapters: Adapters;
let others: Neighbours;
let models: ReadModels;
let apps: TestApp[];

async function start(by?: Offered): Promise<TestApp> {
  const app = await startApp((on) => [AnalyticsModule.on(on, by)], adapters, {
    now: () => new Date('2024-07-15T12:00:00.000Z'),
  });
  apps.push(app);
  return app;
}

async function stop(app: TestApp): Promise<void> {
  apps = apps.filter((other) => other !== app);
  await app.close();
}

beforeEach(async () => {
  apps = [];
  adapters = memoryAdapters({ partitions });
  others = neighbours(adapters);
  models = adapters.readModels('analytics');
  await others.publish('BranchAdded', `branch-${branch}`, {
    ...{ id: branch, name: 'North', library: 'C', timeZone: 'UTC' },
  });
});

afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await adapters.close();
});

const personOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Records a reader with a loan in each of three months. */
async function reader(n: number): Promise<void> {
  const personId = personOf(n);
  await others.publish('PatronRegistered', personId, {
    ...{ personId, homeBranch: branch, enrolledOn: '2023-01-15' },
  });
  for (const month of [3, 4, 5]) {
    const now: InteractionFact = {
      ...{ time: `2023-0${month}-28T10:00:00.000Z`, kind: 'loan', branch, quantity: 1 },
      ...{ startedBy: 'patron', digital: false },
    };
    const interaction = `i-${n}-${month}`;
    await others.publish('InteractionRecorded', personId, { interaction, reference: null, now });
  }
}

async function readers(n: number): Promise<void> {
  for (let i = 0; i < n; i++) await reader(i);
}

const of = (app: TestApp) => ({
  async begin(model: string, version?: number): Promise<Rebuild> {
    const body = { model, ...(version === undefined ? {} : { version }) };
    return (await app.when({ url: '/v1/rebuilds?context=analytics', body }).then(201)).body as Rebuild;
  },
  async one(id: number): Promise<Rebuild> {
    return (await app.when({ url: `/v1/rebuilds/${id}?context=analytics` }).then(200)).body as Rebuild;
  },
  async compared(id: number): Promise<Rebuild> {
    const found = await eventually(async () => {
      const one = await this.one(id);
      return one.state === 'compared' ? one : null;
    }, 15_000);
    if (!found) throw new Error(`not compared: ${JSON.stringify(await this.one(id))}`);
    return found;
  },
  tell: (id: number, what: 'switch' | 'abandon') =>
    app.when({ method: 'POST', url: `/v1/rebuilds/${id}/${what}?context=analytics` }),
  async loans(): Promise<number[]> {
    const { body } = await app.when({ url: '/v1/metrics/loans?from=2023-03&to=2023-05' }).then(200);
    return body.points.map(({ value }: { value: number }) => value);
  },
  async active(): Promise<number> {
    const url = '/v1/metrics/active-readers?from=2023-05&to=2023-05';
    return (await app.when({ url }).then(200)).body.points[0].value;
  },
});

const stored = async (name: string) => (await models.models()).filter((id) => id.startsWith(`${name}.v`));

async function onlyOneOf(name: string, build: number): Promise<void> {
  await eventually(async () => ((await stored(name)).length === 1 ? true : null), 5_000);
  expect((await stored(name)).map((id) => id.split('.').at(-1))).toEqual([String(build)]);
}

/** Changes a stored row or cell without the application's knowledge. */
async function damage(model: string, key: string, change: 'row' | 'cell'): Promise<void> {
  const partition = partitionOf(key, partitions);
  const at = await models.checkpoint(model, partition);
  const row = await models.get<{ days: number[] }>(model, key);
  const changed = { row: { ...row!, days: [...row!.days, 99_999] }, indexes: {} };
  const outcome = await models.commit(model, partition, {
    from: at.rev,
    to: at,
    rows: change === 'row' ? new Map([[key, changed]]) : new Map(),
    cells: change === 'cell' ? new Map([[`active|*|2023-05`, 5]]) : new Map(),
    parked: [],
    unparked: [],
  });
  expect(outcome).toBe('committed');
}

describe('a rebuild', () => {
  it.each(['reader-activity', 'volumes', 'satisfaction', 'testimonials'])(
    'of %s equals what was kept live, in every partition at the same offset',
    async (model) => {
      const app = await start();
      await readers(12);
      await app.settled();
      const { id, state, progress } = await of(app).begin(model);
      expect([id, state, progress!.length]).toEqual([2, 'building', partitions]);
      const { parity, version } = await of(app).compared(id);
      expect(parity!.equal).toBe(true);
      expect(version).toBe(versionsOf(offered)[model]!.last);
      const ends = await adapters.eventLog.ends();
      expect(parity!.partitions.map(({ offset }) => offset)).toEqual(ends);
      if (model === 'reader-activity' || model === 'volumes')
        expect(parity!.partitions.map(({ live }) => live)).not.toContain('0'.repeat(32));
    },
  );

  it('answers only when it is switched to; then what it replaces is dropped', async () => {
    const app = await start();
    await readers(6);
    await app.settled();
    const { id } = await of(app).begin('reader-activity');
    await of(app).compared(id);
    expect((await stored('reader-activity')).length).toBe(2);
    const asOf = async () => (await app.when({ url: '/v1/metrics/loans' }).then(200)).body.asOf as string;
    expect(await asOf()).toMatch(/^1:/);
    await of(app).tell(id, 'switch').then(200, { id, state: 'switched' });
    expect(await asOf()).toMatch(/^2:/);
    expect(await of(app).active()).toBe(6);
    await onlyOneOf('reader-activity', 2);
    await onlyOneOf('volumes', 1);
    await of(app).tell(id, 'switch').then(200, { id, state: 'switched' });
    await reader(7);
    await app.settled();
    expect(await of(app).active()).toBe(7);
    const { policy } = (await app.when({ url: '/v1/metrics' }).then(200)).body;
    expect(policy.version).toBe(1);
  });

  it.each(['row', 'cell'] as const)('finds a damaged %s and heals it', async (what) => {
    const app = await start();
    await readers(6);
    await app.settled();
    const [model] = await stored('reader-activity');
    await damage(model!, personOf(3), what);
    const { id } = await of(app).begin('reader-activity');
    const { parity } = await of(app).compared(id);
    expect(parity!.equal).toBe(false);
    const damaged = partitionOf(personOf(3), partitions);
    expect(parity!.partitions.flatMap((one) => (one.equal ? [] : [one.partition]))).toEqual([damaged]);
    if (what === 'cell') expect(await of(app).active()).toBe(11);
    await of(app).tell(id, 'switch').then(200);
    expect(await of(app).active()).toBe(6);
    const again = await of(app).begin('reader-activity');
    expect((await of(app).compared(again.id)).parity!.equal).toBe(true);
  });

  it('is compared while the log never rests', async () => {
    const app = await start();
    await readers(6);
    let n = 6;
    let done = false;
    const busy = (async () => {
      while (!done) {
        await reader(n++);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const { id } = await of(app).begin('reader-activity');
    const { parity } = await of(app)
      .compared(id)
      .finally(() => (done = true));
    await busy;
    expect(parity!.equal).toBe(true);
    await of(app).tell(id, 'switch').then(200);
    await app.settled();
    expect(await of(app).active()).toBe(n);
  });

  it('is given up, and leaves nothing behind', async () => {
    const app = await start();
    await readers(3);
    const { id } = await of(app).begin('volumes');
    await of(app).tell(id, 'abandon').then(200, { state: 'abandoned' });
    await of(app).tell(id, 'abandon').then(200, { state: 'abandoned' });
    await of(app).tell(id, 'switch').thenRefused(404, 'UNKNOWN_REBUILD');
    await app.settled();
    await onlyOneOf('volumes', 1);
    expect(await of(app).loans()).toEqual([3, 3, 3]);
  });

  it('goes on after a restart', async () => {
    let app = await start();
    await readers(6);
    await app.settled();
    const { id } = await of(app).begin('volumes');
    await stop(app);
    app = await start();
    expect((await of(app).compared(id)).parity!.equal).toBe(true);
    await stop(app);
    app = await start();
    await of(app).tell(id, 'switch').then(200);
    expect(await of(app).loans()).toEqual([6, 6, 6]);
    await onlyOneOf('volumes', 2);
  });

  it('is begun once for an idempotency key, also when it has ended since', async () => {
    const app = await start();
    await readers(2);
    await app.settled();
    const begin = (model: string) =>
      app.when({
        url: '/v1/rebuilds?context=analytics',
        body: { model },
        headers: { 'idempotency-key': 'one' },
      });
    const begun = await Promise.all([1, 2, 3].map(() => begin('volumes').then(201)));
    const { id } = begun[0]!.body as Rebuild;
    await of(app).compared(id);
    await begin('volumes').then(201, { id, state: 'compared' });
    await begin('satisfaction').thenRefused(422, 'IDEMPOTENCY_KEY_REUSED');
    await of(app).tell(id, 'abandon').then(200);
    await begin('volumes').then(201, { id, state: 'abandoned' });
    const { body: all } = await app.when({ url: '/v1/rebuilds?context=analytics' }).then(200);
    expect((all as { items: Rebuild[] }).items.map((one) => [one.id, one.state])).toEqual([
      [id, 'abandoned'],
    ]);
  });

  it('is refused what it cannot do', async () => {
    const app = await start();
    const url = '/v1/rebuilds?context=analytics';
    const begin = (body: object) => app.when({ url, body });
    await begin({ model: 'directory' }).thenRefused(422, 'INVALID');
    await begin({ model: 'volumes', version: 3 }).thenRefused(422, 'VERSION_NOT_OFFERED');
    await app.when({ url: '/v1/rebuilds', body: { model: 'volumes' } }).thenRefused(422, 'CONTEXT_REQUIRED');
    await app.when({ url: '/v1/rebuilds?context=feedback' }).thenRefused(404, 'NO_REBUILDS');
    await app.when({ url: '/v1/rebuilds/7?context=analytics' }).thenRefused(404, 'UNKNOWN_REBUILD');
    await of(app).tell(7, 'switch').thenRefused(404, 'UNKNOWN_REBUILD');
    const { id } = await of(app).begin('volumes');
    expect((await of(app).begin('volumes')).id).toBe(id);
    await begin({ model: 'satisfaction' }).thenRefused(409, 'BUILD_UNDER_WAY');
  });
});

describe('two versions of a read model', () => {
  it('stand side by side, and every answer is of one of them', async () => {
    const app = await start(newer);
    await readers(6);
    await app.settled();
    // A new deployment begins with the last version; this one began before there was a second.
    expect(await of(app).loans()).toEqual([60, 60, 60]);
    const { id } = await of(app).begin('volumes', 1);
    expect((await of(app).compared(id)).parity!.equal).toBe(false);
    let switched = false;
    const seen: { answer: number[]; begunAfter: boolean }[] = [];
    const asking = Array.from({ length: 4 }, async () => {
      while (!switched || seen.length < 80) {
        const begunAfter = switched;
        seen.push({ answer: await of(app).loans(), begunAfter });
      }
    });
    await eventually(async () => (seen.length > 20 ? true : null), 10_000);
    await of(app)
      .tell(id, 'switch')
      .then(200)
      .finally(() => (switched = true));
    await Promise.all(asking);
    const answers = new Set(seen.map(({ answer }) => answer.join(' ')));
    expect([...answers].sort()).toEqual(['6 6 6', '60 60 60']);
    const later = seen.filter(({ begunAfter }) => begunAfter).map(({ answer }) => answer[0]);
    expect(new Set(later)).toEqual(new Set([6]));
    await onlyOneOf('volumes', 2);
  });

  it('an upgrade serves the version that was there until it is switched to the new one', async () => {
    let app = await start();
    await readers(6);
    await app.settled();
    await stop(app);
    app = await start(newer);
    expect(await of(app).loans()).toEqual([6, 6, 6]);
    for (const model of ['volumes', 'reader-activity']) {
      const { id, version } = await of(app).begin(model);
      expect(version).toBe(versionsOf(newer)[model]!.last);
      expect((await of(app).compared(id)).parity!.equal).toBe(false);
      await of(app).tell(id, 'switch').then(200);
    }
    expect(await of(app).loans()).toEqual([60, 60, 60]);
    expect(await of(app).active()).toBe(6);
    await reader(7);
    await app.settled();
    expect(await of(app).active()).toBe(7);
  });

  it('a release that has left the served version behind counts anew; an older one does not start', async () => {
    const first = await start();
    await readers(3);
    await first.settled();
    await stop(first);
    const last: Offered = { ...offered, volumes: { 3: newer.volumes[3]! } };
    const app = await start(last);
    await app.settled();
    expect(await of(app).loans()).toEqual([30, 30, 30]);
    await stop(app);
    await expect(start()).rejects.toThrow(/version 3, which this release does not have/);
  });
});

describe('several replicas', () => {
  it('of an older release answer 503 once a version serves that it does not have', async () => {
    const [old, upgraded] = [await start(), await start(newer)];
    await readers(3);
    await Promise.all([old.settled(), upgraded.settled()]);
    const { id } = await of(upgraded).begin('volumes', 3);
    expect(await of(old).loans()).toEqual([3, 3, 3]);
    await stop(old);
    await of(upgraded).compared(id);
    const again = await start();
    expect(await of(again).loans()).toEqual([3, 3, 3]);
    await of(upgraded).tell(id, 'switch').then(200);
    await again.when({ url: '/v1/metrics/loans' }).thenRefused(503, 'NOT_OFFERED');
    expect(await of(upgraded).loans()).toEqual([30, 30, 30]);
  });

  it('follow a switch: whoever is asked answers from the new build at once', async () => {
    const [one, two] = [await start(newer), await start(newer)];
    await readers(12);
    await Promise.all([one.settled(), two.settled()]);
    const { id } = await of(one).begin('volumes', 1);
    await of(two).compared(id);
    await of(one).tell(id, 'switch').then(200);
    expect(await of(two).loans()).toEqual([12, 12, 12]);
    expect(await of(one).loans()).toEqual([12, 12, 12]);
    await reader(12);
    await Promise.all([one.settled(), two.settled()]);
    expect(await of(two).loans()).toEqual([13, 13, 13]);
    await onlyOneOf('volumes', 2);
    await stop(one);
    await reader(13);
    await two.settled();
    expect(await of(two).loans()).toEqual([14, 14, 14]);
  });
});

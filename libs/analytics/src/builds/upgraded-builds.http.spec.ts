import { defaultPolicy, type ActivityPolicy, type InteractionFact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import {
  Unavailable,
  type Adapters,
  type AnyEvent,
  type EventLog,
  type LogConsumer,
} from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { randomUUID } from 'node:crypto';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';
import { publish } from '../publish.js';
import { testimonials } from '../satisfaction/testimonials.tally.js';
import { offered, type Offered } from './figure-models.js';

/** The stream of the builds as the previous release stored it. */
const kept = `[
  {"type": "BuildStarted", "data": {"number": 1, "policy": {"qualifying": ["visit", "loan"], "windowMonths": 12,
   "digital": true}, "timeZone": "UTC", "editions": {"reader-activity": {"version": 1, "build": 1}, "volumes":
   {"version": 1, "build": 1}, "satisfaction": {"version": 1, "build": 1}, "testimonials": {"version": 1, "build": 1}}}},
  {"type": "BuildServed", "data": {"number": 1}}
]`;

/** The next release, with one read model more. */
const withFifth: Offered = {
  ...offered,
  praise: { 1: () => ({ tally: { ...testimonials(1), name: 'praise' } }) },
};

const partitions = 3;
let adapters: Adapters;
let others: Neighbours;
let apps: TestApp[];
/** Releases what a spec held up. */
let open: () => void;

beforeEach(async () => {
  apps = [];
  open = () => undefined;
  adapters = memoryAdapters({ partitions });
  others = neighbours(adapters);
  await others.publish('BranchAdded', 'branch-NORTH', {
    ...{ id: 'NORTH', name: 'North', library: 'C', timeZone: 'UTC' },
  });
});

afterEach(async () => {
  open();
  await Promise.all(apps.map((app) => app.close()));
  await adapters.close();
});

async function start(by: Offered = offered, log: Partial<EventLog> = {}): Promise<TestApp> {
  const changed = around(adapters, { eventLog: around(adapters.eventLog, log) });
  const app = await startApp((on) => [AnalyticsModule.on(on, by)], changed, {
    now: () => new Date('2024-07-15T12:00:00.000Z'),
  });
  apps.push(app);
  return app;
}

async function keep(events: readonly AnyEvent[]): Promise<void> {
  const meta = { commandId: randomUUID(), at: '2024-01-01T00:00:00.000Z', actor: 'analytics' };
  const store = adapters.eventStore('analytics', publish);
  await store.append('figures-consortium', 0, events, meta);
}

async function facts(): Promise<void> {
  const now: InteractionFact = {
    ...{ time: '2023-05-28T10:00:00.000Z', kind: 'loan', branch: 'NORTH', quantity: 1 },
    ...{ startedBy: 'patron', digital: false },
  };
  await others.publish('InteractionRecorded', 'r-1', { interaction: 'i-1', reference: null, now });
  await others.publish('TestimonialReceived', 't-1', { testimonial: '1', receivedOn: '2023-05-31' });
}

const configure = (windowMonths: ActivityPolicy['windowMonths']) =>
  others.publish('ConsortiumConfigured', 'consortium-it', {
    ...{ name: 'All', timeZone: 'UTC', currency: 'EUR', fiscalYearStartMonth: 1 },
    activityPolicy: { ...defaultPolicy, windowMonths },
  });

const ask = (app: TestApp, metric: string) =>
  app.when({ url: `/v1/metrics/${metric}?from=2023-05&to=2023-05` });
const valueOf = async (app: TestApp, metric: string) =>
  (await ask(app, metric).then(200)).body.points[0].value as number | null;
const asOfBuild = async (app: TestApp) =>
  Number(((await ask(app, 'loans').then(200)).body.asOf as string).split(':')[0]);

async function servedBy(app: TestApp, build: number): Promise<void> {
  const served = await eventually(async () => ((await asOfBuild(app)) === build ? true : null), 20_000);
  if (!served) throw new Error(`build ${build} does not serve`);
}

/** The stored read models of the figures, as `<name>/<build>`. */
const stored = async () =>
  (await adapters.readModels('analytics').models())
    .map((id) => `${id.split('.')[0]}/${id.split('.').at(-1)}`)
    .filter((name) => !/^(directory|branch-closings|costs|spendings|reaction|audit-trail)/.test(name))
    .sort();

/** A log that gives no batch to a group before `open` is called. */
function holding(group: string): Partial<EventLog> {
  const opened = new Promise<void>((resolve) => (open = resolve));
  const consume = (consumer: LogConsumer) =>
    adapters.eventLog.consume({
      ...consumer,
      take: async (partition, records) => {
        if (consumer.group === group) await opened;
        await consumer.take(partition, records);
      },
    });
  return { consume };
}

describe('a release with a fifth read model', () => {
  it('builds it beside what the release before served, and serves it when it is ready', async () => {
    await keep(JSON.parse(kept));
    await facts();
    const before = await start();
    await before.settled();
    expect(await asOfBuild(before)).toBe(1);
    apps = [];
    await before.close();
    const app = await start(withFifth);
    await servedBy(app, 2);
    await app.settled();
    const four = ['reader-activity/1', 'satisfaction/1', 'testimonials/1', 'volumes/1'];
    expect(await stored()).toEqual(['praise/2', ...four]);
    expect(await valueOf(app, 'loans')).toBe(1);
    expect((await ask(app, 'loans').then(200)).body.policy.version).toBe(1);
    const cells = await adapters.readModels('analytics').cells('praise.v1.2', [{ from: '', to: '\uffff' }]);
    expect([...cells.values()].reduce((sum, n) => sum + n, 0)).toBe(1);
  });

  it('answers 503 for what is read from a missing read model until it is ready, and everything else', async () => {
    const [begun, served] = JSON.parse(kept);
    delete begun.data.editions.testimonials;
    await keep([begun, served]);
    await facts();
    const app = await start(offered, holding('analytics.figures.2'));
    await eventually(async () => ((await valueOf(app, 'loans')) === 1 ? true : null));
    const refused = await ask(app, 'testimonials').thenRefused(503, 'NOT_YET_APPLIED');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const metric of ['loans', 'active-readers', 'nps', 'cost-per-visit'])
      await ask(app, metric).then(200);
    open();
    await servedBy(app, 2);
    expect(await valueOf(app, 'testimonials')).toBe(1);
    expect(await valueOf(app, 'loans')).toBe(1);
    await app.settled();
    expect(await stored()).toEqual(['reader-activity/1', 'satisfaction/1', 'testimonials/2', 'volumes/1']);
  });

  it('builds it after a change of policy that the release before had begun', async () => {
    const [begun, served] = JSON.parse(kept);
    const policy = { ...begun.data.policy, windowMonths: 6 };
    const editions = Object.fromEntries(
      Object.keys(begun.data.editions).map((name) => [name, { version: 1, build: 2 }]),
    );
    await keep([
      begun,
      served,
      { type: 'BuildStarted', data: { ...begun.data, number: 2, policy, editions } },
    ]);
    await facts();
    const app = await start(withFifth);
    await servedBy(app, 3);
    expect((await ask(app, 'loans').then(200)).body.policy).toMatchObject({ version: 2, windowMonths: 6 });
    await app.settled();
    const four = ['reader-activity/2', 'satisfaction/2', 'testimonials/2', 'volumes/2'];
    expect(await stored()).toEqual(['praise/3', ...four]);
  });
});

describe('a build', () => {
  it('goes on at once although a release before had put its job off until tomorrow', async () => {
    const tomorrow = new Date(Date.now() + 24 * 3_600_000).toISOString();
    const job = { queue: 'figures', id: 'build-2', data: { build: 2 }, runAt: tomorrow };
    await adapters.jobQueue('analytics').enqueue(job);
    const app = await start();
    await configure(6);
    await servedBy(app, 2);
  });

  it('goes on when the log answers again', async () => {
    const refusalsMax = 4;
    let refusals = refusalsMax;
    const ends = async () => {
      if (refusals === refusalsMax) return adapters.eventLog.ends();
      refusals++;
      throw new Unavailable('LOG_UNAVAILABLE', 'spec');
    };
    const app = await start(offered, { ends });
    refusals = 0;
    await configure(6);
    expect(await eventually(async () => (refusals === refusalsMax ? true : null), 20_000)).toBe(true);
    await servedBy(app, 2);
  });

  it('is consumed in the window of what serves once it serves', async () => {
    const running = new Set<string>();
    const consume = async (consumer: LogConsumer) => {
      const name = `${consumer.group} ${consumer.window}`;
      running.add(name);
      const consumption = await adapters.eventLog.consume(consumer);
      return { stop: () => consumption.stop().finally(() => running.delete(name)) };
    };
    const app = await start(offered, { consume });
    expect([...running]).toContain('analytics.figures.1 5000');
    await configure(6);
    await servedBy(app, 2);
    const figures = () => [...running].filter((name) => name.startsWith('analytics.figures'));
    await eventually(async () => (figures().join() === 'analytics.figures.2 5000' ? true : null), 10_000);
    expect(figures()).toEqual(['analytics.figures.2 5000']);
  });
});

it('an empty deployment that starts while the log is away answers 503, and begins as soon as it is there', async () => {
  let isAway = true;
  const beyond: EventLog['beyond'] = async (...of) => {
    if (isAway) throw new Unavailable('LOG_UNAVAILABLE', 'spec');
    return adapters.eventLog.beyond(...of);
  };
  const app = await start(offered, { beyond });
  const { headers } = await ask(app, 'loans').thenRefused(503, 'LOG_UNAVAILABLE');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  isAway = false;
  const begun = async () => ((await app.http({ url: '/v1/metrics' })).status === 200 ? true : null);
  expect(await eventually(begun, 20_000)).toBe(true);
  await facts();
  await app.settled();
  expect(await valueOf(app, 'loans')).toBe(1);
});

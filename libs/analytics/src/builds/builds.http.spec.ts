import { defaultPolicy, type ActivityPolicy, type InteractionFact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import { EventStore, Refusal, Stale, Unavailable, type Adapters, type ReadModels } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';

let adapters: Adapters;
let app: TestApp;
let others: Neighbours;
let models: ReadModels;

const start = () =>
  startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => new Date('2024-07-15T12:00:00.000Z') });

beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  others = neighbours(adapters);
  models = adapters.readModels('analytics');
  app = await start();
});

afterEach(async () => {
  await app.close();
  await adapters.close();
});

const halfYear: ActivityPolicy = { ...defaultPolicy, windowMonths: 6 };

const configure = (activityPolicy: ActivityPolicy, timeZone = 'UTC') =>
  others.publish('ConsortiumConfigured', 'consortium-it', {
    name: 'All',
    timeZone,
    currency: 'EUR',
    fiscalYearStartMonth: 1,
    activityPolicy,
  });

async function history(): Promise<void> {
  await others.publish('BranchAdded', 'branch-NORTH', {
    id: 'NORTH',
    name: 'North',
    library: 'C',
    timeZone: 'UTC',
  });
  for (let reader = 0; reader < 20; reader++) {
    const personId = `00000000-0000-4000-8000-0000000000${10 + reader}`;
    await others.publish('PatronRegistered', personId, {
      personId,
      homeBranch: 'NORTH',
      enrolledOn: `2023-0${1 + (reader % 9)}-15`,
    });
    for (let month = 1; month <= 9; month += 1 + (reader % 4)) {
      const now: InteractionFact = {
        time: `2023-0${month}-28T23:30:00.000Z`,
        kind: 'loan',
        branch: 'NORTH',
        quantity: 1 + (reader % 3),
        startedBy: 'patron',
        digital: false,
      };
      const interaction = `i-${reader}-${month}`;
      await others.publish('InteractionRecorded', personId, { interaction, reference: null, now });
      if (month === 5) await others.publish('InteractionWithdrawn', personId, { interaction, was: now });
    }
  }
  await others.publish('TestimonialReceived', 't-1', { testimonial: '1', receivedOn: '2023-05-31' });
  await others.publish('SurveyAnswered', 'response-1', {
    survey: 's',
    response: '1',
    answeredAt: '2023-05-31T23:30:00.000Z',
    scores: [{ question: 'q', type: 'nps', score: 9 }],
  });
  await app.settled();
}

async function answer(metric: string, query = 'from=2023-12&to=2023-12'): Promise<any> {
  return (await app.when({ url: `/v1/metrics/${metric}?${query}` }).then(200)).body;
}

async function servedBy(version: number): Promise<void> {
  const served = await eventually(
    async () => ((await answer('visits')).policy.version === version ? true : null),
    8000,
  );
  if (!served) throw new Error(`build ${version} does not serve`);
}

/** The whole content of a build as bytes, by model name without the build. */
async function contentOf(build: number): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const model of (await models.models()).filter((name) => name.endsWith(`.${build}`)).sort()) {
    const { rows } = await models.all(model, { limit: 10_000 });
    const cells = [...(await models.cells(model, [{ from: '', to: '\uffff' }]))]
      .filter(([, n]) => n !== 0)
      .sort();
    const byKey = rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    content[model.slice(0, model.lastIndexOf('.'))] = JSON.stringify({ rows: byKey, cells });
  }
  return content;
}

describe('a change of policy', () => {
  it('builds beside and switches; until then the old policy answers', async () => {
    await history();
    const before = await answer('current-readers', 'from=2024-02&to=2024-02');
    expect(before.policy).toMatchObject({ version: 1, windowMonths: 12 });
    await configure(halfYear);
    await servedBy(2);
    const after = await answer('current-readers', 'from=2024-02&to=2024-02');
    expect(after.policy).toMatchObject({ version: 2, windowMonths: 6 });
    expect(after.points[0].value).toBeLessThan(before.points[0].value);
  });

  it('drops the old build once the new one serves', async () => {
    await history();
    await configure(halfYear);
    await servedBy(2);
    const left = await eventually(
      async () =>
        (await models.models()).some((name) => name.endsWith('.1') && !/^(directory|costs)/.test(name))
          ? null
          : true,
      5000,
    );
    expect(left).toBe(true);
    expect(Object.keys(await contentOf(2))).toHaveLength(4);
  });

  it('reaches every replica at once, whichever builds, and leaves nothing of the old build', async () => {
    await history();
    const other = await start();
    try {
      const versionBy = async (replica: TestApp) =>
        (await replica.when({ url: '/v1/metrics/visits' }).then(200)).body.policy.version as number;
      await configure(halfYear);
      const first = await eventually(async () => {
        for (const replica of [app, other]) if ((await versionBy(replica)) === 2) return replica;
        return null;
      }, 8000);
      expect(await versionBy(first === app ? other : app)).toBe(2);
      const old = await eventually(async () => {
        await other.settled();
        return Object.keys(await contentOf(1)).length === 0 ? [] : null;
      }, 5000);
      expect(old).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('goes on after a restart', async () => {
    await history();
    await app.close();
    await configure(halfYear);
    app = await start();
    await servedBy(2);
    await app.close();
    app = await start();
    expect((await answer('visits')).policy).toMatchObject({ version: 2, windowMonths: 6 });
  });

  it('that is taken back leaves the figures as they are', async () => {
    await history();
    await app.close();
    await configure(halfYear);
    await configure(defaultPolicy);
    app = await start();
    await app.settled();
    expect((await answer('visits')).policy).toMatchObject({ version: 1, windowMonths: 12 });
  });
});

describe('a change of policy with several processes', () => {
  /** A replica that gets no wake-ups, like a process that is paused or remote. It learns only what it reads itself. */
  let other: TestApp;
  beforeEach(async () => {
    await history();
    other = await start();
    await other.settled();
  });
  afterEach(() => other.close());

  const months = 'from=2023-12&to=2024-02';
  const pointsOf = async (by: TestApp, metric: string): Promise<any> =>
    (await by.when({ url: `/v1/metrics/${metric}?${months}` }).then(200)).body;

  it('is answered by all of them as soon as one of them is', async () => {
    await configure(halfYear);
    await servedBy(2);
    const answers = await Promise.all([app, other].map((by) => pointsOf(by, 'current-readers')));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[1].policy).toMatchObject({ version: 2, windowMonths: 6 });
  });

  it('never shows figures that are being dropped', async () => {
    const before = (await pointsOf(other, 'interactions')).points;
    await configure(halfYear);
    for (let version = 1; version < 2;) {
      const [one, two] = await Promise.all([app, other].map((by) => pointsOf(by, 'interactions')));
      expect([one.points, two.points]).toEqual([before, before]);
      version = Math.min(one.policy.version, two.policy.version);
    }
  });

  it('leaves nothing behind, and each of them reports what runs', async () => {
    await configure(halfYear);
    await servedBy(2);
    const tidy = await eventually(
      async () =>
        (await models.models()).some((name) => name.endsWith('.1') && !/^(directory|costs)/.test(name))
          ? null
          : true,
      5000,
    );
    expect(tidy).toBe(true);
    await Promise.all([app.settled(), other.settled()]);
  });
});

describe('a change of time zone', () => {
  it('moves what happened around the turn of a month', async () => {
    await history();
    const of = async () =>
      (await answer('nps', 'from=2023-05&to=2023-06')).points.map(({ n }: { n: number }) => n);
    expect(await of()).toEqual([1, 0]);
    await configure(defaultPolicy, 'Europe/Berlin');
    await servedBy(2);
    expect(await of()).toEqual([0, 1]);
  });
});

describe('a rebuild', () => {
  it('equals what was kept live, byte for byte', async () => {
    await history();
    const live = await contentOf(1);
    expect(Object.keys(live)).toHaveLength(4);
    await configure(halfYear);
    await servedBy(2);
    await configure(defaultPolicy);
    await servedBy(3);
    expect(await contentOf(3)).toEqual(live);
  });
});

it('a replica that another one overtook counts it; a server that is away is logged once', async () => {
  const lines: string[] = [];
  const other = await startApp((on) => [AnalyticsModule.on(on)], adapters, {
    logTo: { write: (line) => void lines.push(line) },
  });
  try {
    const store = other.app.get(EventStore, { strict: false });
    const load = store.load.bind(store);
    const failures = [
      new Refusal('BUSY', 'not-yet', 'Others are changing the same record.'),
      new Stale('reader-activity.v1.1/0'),
      new Unavailable('STORE_UNAVAILABLE', 'gone'),
      new Unavailable('STORE_UNAVAILABLE', 'gone'),
    ];
    let isBack = false;
    store.load = async (...asked) => {
      const failure = failures.shift();
      if (failure) throw failure;
      isBack = true;
      return load(...asked);
    };
    expect(await eventually(async () => (isBack ? true : null), 20_000)).toBe(true);
    const { text } = await other.http({ url: '/metrics', key: null });
    expect(text).toContain('readership_expected_retries_total{reason="busy"} 1');
    expect(text).toContain('readership_expected_retries_total{reason="stale-commit"} 1');
    const logged = lines.map((line) => JSON.parse(line)).filter(({ message }) => message !== 'request');
    expect(logged).toEqual([
      expect.objectContaining({ level: 'warn', from: 'builds', code: 'STORE_UNAVAILABLE' }),
    ]);
  } finally {
    await other.close();
  }
});

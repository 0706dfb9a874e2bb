import type { DynamicModule } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import {
  readModelProcessor,
  ReadModels,
  Unavailable,
  type Adapters,
  type Job,
  type LogRecord,
} from '@readership/kernel';
import {
  DoorsController,
  doorsContext,
  knock,
  positionOf,
  projection,
  publish,
  type Seen,
} from '../testing/doors.fixture.js';
import { startApp, type TestApp } from '../testing/test-app.fixture.js';
import { contextModule, partsOf } from './context.js';
import { Contexts } from './contexts.js';
import { Metrics } from './metrics.js';

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const reacted: string[] = [];
let lock: (job: Job) => Promise<void>;
const parts = doorsContext((job) => lock(job), reacted);
const modules = (adapters: Adapters): DynamicModule[] => [contextModule(adapters, parts)];

let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  reacted.length = 0;
  lock = async () => undefined;
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp(modules, adapters);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

describe('a write of one context', () => {
  it('is read in its own models and in the published ones with the position it answered', async () => {
    for (let n = 1; n <= 5; n++) {
      const after = positionOf(await app.when(knock('north')).then(201));
      await app.when({ url: `/v1/doors/north/own?after=${after}` }).then(200, { row: { knocks: n } });
      await app.when({ url: `/v1/doors/north/heard?after=${after}` }).then(200, { row: { knocks: n } });
    }
    expect(reacted).toEqual(Array(5).fill('north'));
  });

  it('that publishes nothing keeps nobody waiting for the log', async () => {
    const after = positionOf(await app.when(knock('south', false)).then(201));
    await app.when({ url: `/v1/doors/south/heard?after=${after}` }).then(200, { row: null });
    await app.when({ url: `/v1/doors/south/own?after=${after}` }).then(200, { row: { knocks: 1 } });
  });
});

describe('a position', () => {
  it.each([
    'x',
    'bnVsbA',
    Buffer.from('{"c":"feedback","p":{"0":[-1,2]}}').toString('base64url'),
    Buffer.from('{"c":"feedback","p":{"0":["1",2]}}').toString('base64url'),
    Buffer.from('{"c":"feedback","p":{"7":[1,2]}}').toString('base64url'),
    Buffer.from('{"c":"feedback","p":[]}').toString('base64url'),
    Buffer.from('{"p":{}}').toString('base64url'),
  ])('that was never answered is refused: %s', (after) =>
    app.when({ url: `/v1/doors/north/own?after=${after}` }).thenRefused(422, 'BAD_POSITION'),
  );

  it('that is not reached in time is answered with when to ask again', async () => {
    const after = Buffer.from('{"c":"feedback","p":{"0":[999,999]}}').toString('base64url');
    const { headers } = await app
      .when({ url: `/v1/doors/north/own?after=${after}` })
      .thenRefused(503, 'NOT_YET_APPLIED');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('the audit', () => {
  it('accounts for every event of each partition, and holds', async () => {
    for (const door of ['a', 'b', 'c', 'd']) await app.when(knock(door)).then(201);
    await app.when(knock('e', false)).then(201);
    await app.settled();
    const { body } = await app
      .when({ url: '/v1/audit/log?context=feedback' })
      .then(200, { context: 'feedback', holds: true });
    const { partitions, projections } = body as {
      partitions: Record<string, number>[];
      projections: (Record<string, number> & { name: string })[];
    };
    const total = (rows: Record<string, number>[], field: string): number =>
      rows.reduce((sum, row) => sum + row[field]!, 0);
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(total(partitions, 'recorded')).toBe(5);
    expect(total(partitions, 'published')).toBe(4);
    expect(total(partitions, 'privateOnly')).toBe(1);
    expect(total(partitions, 'unpublished')).toBe(0);
    for (const [name, applied] of [
      ['own-knocks.v1', 5],
      ['heard-knocks.v1', 4],
      ['reaction.echo', 4],
    ] as const) {
      const rows = projections.filter((row) => row.name === name) as Record<string, number>[];
      expect([name, rows.length, total(rows, 'applied'), total(rows, 'lag')]).toEqual([name, 3, applied, 0]);
    }
  });

  it('raises no false alarm while everything moves', async () => {
    let writing = true;
    const writers = ['a', 'b', 'c'].map(async (door) => {
      while (writing) await app.http(knock(door, Math.random() < 0.7));
    });
    const audits: unknown[] = [];
    for (let i = 0; i < 20; i++)
      audits.push((await app.http({ url: '/v1/audit/log?context=feedback' })).body);
    writing = false;
    await Promise.all(writers);
    expect(audits.filter((audit) => !(audit as { holds: boolean }).holds)).toEqual([]);
  });

  it('says so when the log lost a record of what a relay published', async () => {
    await app.when(knock('a')).then(201);
    await app.settled();
    const real = adapters.eventLog.account.bind(adapters.eventLog);
    adapters.eventLog.account = async (partition, through) => (await real(partition, through)).slice(0, 0);
    await app.when({ url: '/v1/audit/log?context=feedback' }).then(200, { holds: false });
  });

  it('is of one context, which must run here', async () => {
    await app.when({ url: '/v1/audit/log' }).thenRefused(422, 'CONTEXT_REQUIRED');
    await app.when({ url: '/v1/audit/log?context=analytics' }).thenRefused(404, 'UNKNOWN_CONTEXT');
    await app.when({ url: '/v1/audit/log?context=%66eedback' }).then(200, { context: 'feedback' });
    for (const path of ['/v1/audit/log', '/v1/parked', '/v1/republish']) {
      for (const context of ['%61nalytics', 'Feedback', 'feedback+', '%20feedback', 'feedback%2Fx'])
        await app.when({ url: `${path}?context=${context}` }).thenRefused(404, 'UNKNOWN_CONTEXT');
      for (const twice of ['context=feedback&context=feedback', 'context=feedback&%63ontext=analytics'])
        await app.when({ url: `${path}?${twice}` }).thenRefused(400, 'REPEATED_PARAMETER');
      await app.when({ url: `${path}?CONTEXT=feedback` }).thenRefused(400, 'UNKNOWN_PARAMETER');
      await app.when({ url: path }).thenRefused(422, 'CONTEXT_REQUIRED');
    }
  });
});

describe('a group that is started later', () => {
  it('reads the log from the beginning, is audited, and can be stopped', async () => {
    await app.when(knock('a')).then(201);
    await app.settled();
    const { consumers } = app.app.get(DoorsController, { strict: false });
    const models = app.app.get(ReadModels, { strict: false });
    const late = readModelProcessor<LogRecord, Seen>({ projection: projection('late-knocks') }, models);
    const consumption = await consumers.run('feedback.late', [late], 100);
    await app.settled();
    expect(await models.get('late-knocks.v1', 'a')).toEqual({ knocks: 1 });
    const named = async (): Promise<string> =>
      (await app.http({ url: '/v1/audit/log?context=feedback' })).text;
    expect(await named()).toContain('late-knocks.v1');
    await consumption.stop();
    expect(await named()).not.toContain('late-knocks.v1');
  });
});

describe('stopping', () => {
  it('finishes the requests under way and loses nothing that was acknowledged', async () => {
    const answers: { status: number }[] = [];
    let stopped = false;
    const writers = ['a', 'b', 'c', 'd'].map(async (door) => {
      while (!stopped) {
        const answer = await app.http(knock(door)).catch(() => null);
        if (answer) answers.push(answer);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await app.close();
    stopped = true;
    await Promise.all(writers);
    const acknowledged = answers.filter(({ status }) => status === 201).length;
    expect(acknowledged).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 201 && status !== 503)).toEqual([]);

    app = await startApp(modules, adapters);
    await app.settled();
    const { body } = await app.when({ url: '/v1/audit/log?context=feedback' }).then(200, { holds: true });
    const { partitions } = body as { partitions: { recorded: number; published: number }[] };
    const recorded = partitions.reduce((sum, row) => sum + row.recorded, 0);
    expect(recorded).toBeGreaterThanOrEqual(acknowledged);
    expect(partitions.reduce((sum, row) => sum + row.published, 0)).toBe(recorded);
  });
});

it('is ready when its consumers run and everything else that is asked for is so', async () => {
  await app
    .when({ url: '/readyz', key: null })
    .then(200, { ready: true, checks: [{ name: 'feedback', ready: true }] });
  const other = memoryAdapters({});
  let loaded = false;
  const waiting = await startApp(modules, other, { readiness: [{ name: 'sample', ready: () => loaded }] });
  try {
    await waiting.when({ url: '/readyz', key: null }).then(503, {
      ready: false,
      checks: [
        { name: 'feedback', ready: true },
        { name: 'sample', ready: false },
      ],
    });
    loaded = true;
    await waiting.when({ url: '/readyz', key: null }).then(200, { ready: true });
  } finally {
    await waiting.close();
    await other.close();
  }
});

it('metrics tell what is unpublished, behind and parked, per context and model', async () => {
  await app.when(knock('a')).then(201);
  await app.settled();
  const { text } = await app.http({ url: '/metrics', key: null });
  expect(text).toContain('readership_unpublished_events{context="feedback",partition="0"} 0');
  expect(text).toContain(
    'readership_model_lag_events{context="feedback",model="heard-knocks.v1",partition="2"} 0',
  );
  expect(text).toContain(
    'readership_model_parked_events{context="feedback",model="own-knocks.v1",partition="1"} 0',
  );
});

it('a job is begun again until it succeeds; metrics and the audit tell those that have not ended', async () => {
  let broken = true;
  const begun: number[] = [];
  lock = async ({ attempts }) => {
    begun.push(attempts);
    if (broken) throw new Error('the lock is stuck');
  };
  const metrics = async () => (await app.http({ url: '/metrics', key: null })).text;
  const jobs = async () =>
    ((await app.http({ url: '/v1/audit/log?context=feedback' })).body as { jobs: number }).jobs;
  expect(await metrics()).toContain(
    'readership_job_failures_total{context="feedback",queue="locks",step="run"} 0',
  );
  expect(await jobs()).toBe(0);
  await adapters.jobQueue('feedback').enqueue({ queue: 'locks', id: 'north', data: {} });
  await until(() => begun.length > 0);
  await until(async () => (await metrics()).includes('queue="locks",state="waiting"} 1'));
  expect(await metrics()).toMatch(
    /readership_job_failures_total{context="feedback",queue="locks",step="run"} [1-9]/,
  );
  expect(await jobs()).toBe(1);
  broken = false;
  await until(async () => (await jobs()) === 0);
  expect(begun.slice(0, 2)).toEqual([1, 2]);
});

it('metrics tell what waits on a topic that the application listens to', async () => {
  app.app.get(Metrics).watchTopics(async () => [
    { topic: 'readership.ingest', partition: 0, records: 7, sentAt: Date.now() - 60_000 },
    { topic: 'readership.ingest', partition: 1, records: 9, sentAt: null },
  ]);
  const { text } = await app.http({ url: '/metrics', key: null });
  expect(text).toContain('readership_ingest_lag_records{topic="readership.ingest",partition="0"} 7');
  expect(text).toMatch(/readership_ingest_lag_seconds{topic="readership.ingest",partition="0"} 60\b/);
  expect(text).toContain('readership_ingest_lag_records{topic="readership.ingest",partition="1"} 9');
  expect(text).toContain('readership_ingest_lag_seconds{topic="readership.ingest",partition="1"} 0');
});

it('metrics do not wait for a server that takes connections and answers nothing', async () => {
  app.app.get(Metrics).watchTopics(() => new Promise(() => {}));
  const { status, text } = await app.http({ url: '/metrics', key: null });
  expect(status).toBe(200);
  expect(text).toContain('readership_unpublished_events{');
}, 30_000);

it('metrics leave out what a server that is away would tell, and nothing else', async () => {
  app.app.get(Metrics).watchTopics(async () => {
    throw new Unavailable('LOG_UNAVAILABLE', 'gone');
  });
  const { status, text } = await app.http({ url: '/metrics', key: null });
  expect(status).toBe(200);
  expect(text).toContain('readership_unpublished_events{');
  expect(text).not.toContain('readership_ingest_lag_records{');
});

it('a fact that is not as the contracts say is refused at append while it is tested', async () => {
  const checkFact = (context: string, { type }: { type: string }): void => {
    throw new TypeError(`${context} would publish ${type}`);
  };
  const checked = await startApp((ports) => [contextModule(ports, { ...parts, checkFact })], adapters);
  await checked.when(knock('x')).then(500);
  await checked.when(knock('x', false)).then(201);
  expect((await adapters.eventStore('feedback', publish).load('door-x')).version).toBe(1);
  await checked.close();
});

it('the parts of a context hold every read model of its own events, for who rebuilds them elsewhere', () => {
  const models = partsOf(contextModule(adapters, parts)).own!.models;
  const names = models.map((model) => ('projection' in model ? model.projection.name : model.tally.name));
  const running = app.app.get(Contexts, { strict: false }).asked('feedback').ownIds;
  expect(names.map((name) => `${name}.v1`)).toEqual([...running]);
  expect(names).toContain('audit-trail');
});

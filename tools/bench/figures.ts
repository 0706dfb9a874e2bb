// How long answers of figures take for a large consortium with ten years of them: the board, and metrics of 36 months with
// the 36 before, over HTTP, 200 times each after a warm-up; and how often an answer reads the store. For an analyst the
// first answer also judges which figures are hidden. The figures are written into the read models, as their tallies count a few readers and interactions of each branch and month.
// usage: node tools/dist/bench/figures.js [branches]
import 'reflect-metadata';
import { AnalyticsModule, builds, figureModels } from '@readership/analytics';
import { interactionKinds } from '@readership/contracts';
import { fileAdapters } from '@readership/embedded';
import { createApp, loadSecrets, readConfig } from '@readership/host';
import { EventStore, modelId, ReadModels, type ReadModel } from '@readership/kernel';
import { PatronProfileModule } from '@readership/patron-profile';
import { setTimeout as pause } from 'node:timers/promises';
import { quantiles } from './latencies.js';
import { inFolder } from './measure.js';
import { countFrom } from './within.js';

const branches = Array.from({ length: countFrom(process.argv[2], 300, 5_000) }, (_, n) => `B${n}`);
const years = 10;
const readersPerBranch = 3;
const requests = 200;
const warmUps = 20;
const cellsAtOnce = 50_000;
const costsAtOnce = 5_000;
const settledMs = 300_000;

const firstYear = new Date().getUTCFullYear() - years;
const months = Array.from({ length: 12 * years }, (_, n) =>
  new Date(Date.UTC(firstYear, n)).toISOString().slice(0, 7),
);
const last = months.at(-1)!;
const period = `from=${months.at(-36)!}&to=${last}&compare=previous`;
const questions: readonly (readonly [name: string, path: string])[] = [
  ['board', `/v1/metrics?to=${last}`],
  ...['active-readers', 'lost-readers', 'frequency', 'interactions', 'nps', 'cost-per-reader'].map(
    (name) => [`${name}, 36 months`, `/v1/metrics/${name}?${period}`] as const,
  ),
];

await inFolder(async (folder) => {
  const config = readConfig({ READERSHIP_DATA: folder, READERSHIP_PORT: '0', LOG_LEVEL: 'silent' });
  const { secrets } = loadSecrets(config);
  const adapters = await fileAdapters({
    folder,
    masterKey: secrets.masterKey,
    cardKey: secrets.cardKey,
    contexts: [PatronProfileModule.store, AnalyticsModule.store],
  });
  const modules = [PatronProfileModule.on(adapters), AnalyticsModule.on(adapters)];
  const app = await createApp(
    modules,
    { ...config, ratePerSecond: 1_000_000 },
    { access: adapters.access, secrets },
  );
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  let key = secrets.adminKey;
  const ask = async (path: string, body?: string, type = 'application/json'): Promise<any> => {
    const response = await fetch(url + path, {
      ...(body === undefined ? {} : { method: 'POST', body }),
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return type === 'application/json' ? JSON.parse(text) : text;
  };
  const models = app.get(ReadModels, { strict: false });
  const store = app.get(EventStore, { strict: false });

  await ask('/v1/libraries', '{"id":"L","name":"L"}');
  for (const id of branches)
    await ask('/v1/branches', JSON.stringify({ id, name: id, library: 'L', timeZone: 'UTC' }));
  await stateCosts(ask);
  await fill(models, store);
  await settled(ask);

  const grant = { name: 'bench', role: 'analyst', scopes: ['consortium'] };
  const analyst = await ask('/v1/api-keys', JSON.stringify(grant));
  console.log(
    '| answer | for | branches | first ms | reads of the store | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|',
  );
  const viewers = { admin: secrets.adminKey, analyst: analyst.key as string };
  const all = Object.entries(viewers).flatMap(([viewer, of]) =>
    questions.map(([name, path]) => ({ viewer, of, name, path })),
  );
  for (const { viewer, of, name, path } of all) {
    key = of;
    const started = performance.now();
    await ask(path);
    const firstMs = performance.now() - started;
    const counting = counted(models, store);
    await ask(path);
    const reads = counting();
    for (let n = 0; n < warmUps; n++) await ask(path);
    const tookMs: number[] = [];
    for (let n = 0; n < requests; n++) {
      const begun = performance.now();
      await ask(path);
      tookMs.push(performance.now() - begun);
    }
    const { p50, p99 } = quantiles(tookMs);
    console.log(
      `| ${name} | ${viewer} | ${branches.length} | ${firstMs.toFixed(0)} | ${reads} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`,
    );
  }
  await app.close();
  await adapters.close();
});

/** States a cost of each branch and month. */
async function stateCosts(
  ask: (path: string, body: string, type: string) => Promise<unknown>,
): Promise<void> {
  const lines = branches.flatMap((branch) =>
    months.map((month) =>
      JSON.stringify({ branch, month, category: 'staff', amount: { minor: 12_345, currency: 'EUR' } }),
    ),
  );
  for (let at = 0; at < lines.length; at += costsAtOnce) {
    const outcomes = await ask(
      '/v1/costs',
      lines.slice(at, at + costsAtOnce).join('\n'),
      'application/x-ndjson',
    );
    if (String(outcomes).includes('refused')) throw new Error('a cost was refused');
  }
}

/** Resolves once the costs of every branch and month are counted. */
async function settled(ask: (path: string) => Promise<any>): Promise<void> {
  const deadline = performance.now() + settledMs;
  for (;;) {
    const { points } = await ask(`/v1/metrics/cost-per-reader?from=${months[0]!}&to=${last}`);
    if (points.every(({ covered }: any) => covered.of === branches.length && covered.with === covered.of))
      return;
    if (performance.now() > deadline) throw new Error('costs are not counted');
    await pause(500);
  }
}

/** Adds to the counts of the serving build what its tallies count of readers and events of every branch and month. */
async function fill(models: ReadModels, store: EventStore): Promise<void> {
  const { events } = await store.load('figures-consortium', 0);
  const { serving } = (events as readonly any[]).reduce(builds.evolve, builds.initial);
  for (const model of figureModels(serving!)) {
    const cells = new Map<string, number>();
    for (const branch of branches) {
      for (const counted of countsOf(model, branch))
        for (const [cell, n] of counted) cells.set(cell, (cells.get(cell) ?? 0) + n);
    }
    const id = modelId('projection' in model ? model.projection : model.tally);
    const all = [...cells];
    for (let at = 0; at < all.length; at += cellsAtOnce) {
      const checkpoint = await models.checkpoint(id, 0);
      const batch = { from: checkpoint.rev, to: checkpoint, rows: new Map(), parked: [], unparked: [] };
      const some = new Map(all.slice(at, at + cellsAtOnce));
      if ((await models.commit(id, 0, { ...batch, cells: some })) === 'stale') at -= cellsAtOnce;
    }
  }
}

function* countsOf(model: ReadModel<any>, branch: string): Iterable<ReadonlyMap<string, number>> {
  if ('projection' in model) {
    const dayOf = (month: string) => Date.parse(`${month}-10`) / 86_400_000;
    for (let n = 0; n < readersPerBranch; n++) {
      // Readers pause now and then, each at another time.
      const days = months.filter((_, at) => (at + 7 * n) % 40 < 24).map(dayOf);
      const row = { registered: true, enrolled: days[0]!, homes: [[null, branch]], membership: [] };
      for (const tally of model.tallies ?? []) yield tally.cells({ ...row, days, counts: days.map(() => 2) });
    }
    return;
  }
  for (const month of months) {
    const time = `${month}-10T12:00:00.000Z`;
    const scores = [
      { type: 'nps', score: 9 },
      { type: 'csat', score: 4 },
    ];
    const given = { branch, scores, answeredAt: time, receivedOn: time.slice(0, 10) };
    for (const type of model.tally.on as readonly string[]) {
      if (type === 'SurveyAnswered' || type === 'TestimonialReceived')
        yield model.tally.cells({ type, data: given });
      if (type !== 'InteractionRecorded') continue;
      for (const kind of interactionKinds)
        yield model.tally.cells({ type, data: { now: { kind, branch, time, quantity: 3 } } });
    }
  }
}

/** Counts the calls of both stores, until the function that it returns is called. */
function counted(models: ReadModels, store: EventStore): () => number {
  let reads = 0;
  const over: (() => void)[] = [];
  const watch = (port: any, names: readonly string[]) => {
    for (const name of names.filter((each) => each in port)) {
      const call = port[name].bind(port);
      port[name] = (...args: unknown[]) => {
        reads++;
        return call(...args);
      };
      over.push(() => delete port[name]);
    }
  };
  watch(models, ['cells', 'checkpoint', 'checkpoints', 'all', 'get', 'getMany', 'find', 'under', 'models']);
  watch(store, ['load']);
  return () => {
    for (const restore of over) restore();
    return reads;
  };
}

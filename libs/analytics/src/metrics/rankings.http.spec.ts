import { defaultPolicy } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours, type Neighbours } from '../neighbours.fixture.js';

/** By branch: its library, and its loans of May. */
const branches: Readonly<Record<string, readonly [library: string, loans: number]>> = {
  N1: ['CITY', 10],
  N2: ['CITY', 30],
  N3: ['CITY', 20],
  N4: ['CITY', 30],
  N5: ['CITY', 4],
  N6: ['CITY', 0],
  E1: ['TOWN', 7],
  E2: ['TOWN', 12],
};

let adapters: Adapters;
let app: TestApp;
let others: Neighbours;
let count = 0;
beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, {
    now: () => new Date('2024-07-15T12:00:00Z'),
  });
  for (const [id, name] of [
    ['CITY', 'City'],
    ['TOWN', 'Town'],
  ] as const)
    await others.publish('LibraryAdded', `library-${id}`, { id, name });
  for (const [id, [library, loans]] of Object.entries(branches)) {
    await others.publish('BranchAdded', `branch-${id}`, {
      id,
      name: `Branch ${id}`,
      library,
      timeZone: 'UTC',
    });
    for (const [time, quantity] of [['2024-05-02', loans] as const, ['2024-01-02', 1] as const]) {
      if (quantity === 0) continue;
      const stream = `interaction-${++count}`;
      await others.publish('InteractionRecorded', stream, {
        ...{ interaction: String(count), reference: null },
        now: {
          ...{ time: `${time}T10:00:00.000Z`, kind: 'loan', branch: id, quantity },
          ...{ startedBy: 'patron', digital: false },
        },
      });
    }
  }
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

const state = (branch: string, minor: number, currency = 'EUR') =>
  app
    .when({
      url: '/v1/costs',
      body: { branch, month: '2024-05', category: 'staff', amount: { minor, currency } },
    })
    .then(201);
const keyOf = (role: Grant['role'], ...scopes: string[]) => issuedKey(app, adapters, [{ role, scopes }]);
const ask = (metric: string, query = '', key = app.key) =>
  app.when({ url: `/v1/rankings/${metric}?${query}`, key });
const may = 'from=2024-05&to=2024-05';
async function rankingOf(query: string, key = app.key, metric = 'loans') {
  const { body } = await ask(metric, query, key).then(200);
  const items = body.items as { rank: number | null; scope: string; value: number | null }[];
  return { ...body, places: items.map(({ rank, scope, value }) => [rank, scope, value]) };
}

describe('a ranking', () => {
  it('has the best first, ties on one rank, and names each', async () => {
    const { places, items, ...rest } = await rankingOf(`among=library:CITY&${may}`);
    expect(places).toEqual([
      [1, 'branch:N2', 30],
      [1, 'branch:N4', 30],
      [3, 'branch:N3', 20],
      [4, 'branch:N1', 10],
      [5, 'branch:N5', 4],
      [6, 'branch:N6', 0],
    ]);
    expect(items[3]).toEqual({
      ...{
        rank: 4,
        scope: 'branch:N1',
        name: 'Branch N1',
        period: '2024-05',
        value: 10,
        n: 1,
        complete: true,
      },
    });
    expect(rest).toMatchObject({
      ...{ metric: 'loans', unit: 'interactions', among: 'library:CITY', by: 'branch', best: 'highest' },
      ...{ grain: 'month', period: '2024-05', policy: {}, asOf: expect.any(String), peers: null },
    });
  });

  it.each(['loans', 'frequency', 'new-readers', 'satisfaction'])(
    'says of each what the metric says: %s',
    async (metric) => {
      const { items } = await rankingOf(may, app.key, metric);
      expect(items).toHaveLength(Object.keys(branches).length);
      for (const item of items) {
        const { scope } = item;
        const { body } = await app.when({ url: `/v1/metrics/${metric}?scope=${scope}&${may}` }).then(200);
        expect(item).toMatchObject(body.points[0]);
      }
    },
  );

  it('is of the last twelve complete months, or of a month or three or twelve', async () => {
    expect(await rankingOf('')).toMatchObject({ period: '2023-07/2024-06', grain: '12-months' });
    expect((await rankingOf('')).places.slice(0, 2)).toEqual([
      [1, 'branch:N2', 31],
      [1, 'branch:N4', 31],
    ]);
    expect(await rankingOf('to=2024-04')).toMatchObject({ period: '2023-05/2024-04' });
    const three = await rankingOf('from=2023-12&to=2024-02');
    expect(three).toMatchObject({ period: '2023-12/2024-02', grain: '3-months' });
    expect(three.places[0]).toEqual([1, 'branch:E1', 1]);
    for (const period of ['from=2024-01&to=2024-02', 'from=2022-01&to=2024-05'])
      await ask('loans', period).thenRefused(422, 'BAD_PERIOD');
    await ask('loans', 'from=2024-05&to=2024-04').thenRefused(422, 'FROM_AFTER_TO');
    await ask('loans', 'from=May').thenRefused(422, 'BAD_MONTH');
  });

  it('puts what has no value last and without a rank, and the least first where less is better', async () => {
    await state('N1', 1000);
    await state('N3', 1000);
    await state('N2', 6000);
    await app.settled();
    const { places, ...rest } = await rankingOf(`among=library:CITY&${may}`, app.key, 'cost-per-interaction');
    expect(rest).toMatchObject({ best: 'lowest', currency: 'EUR', unit: 'minor-per-interaction' });
    expect(places).toEqual([
      [1, 'branch:N3', 50],
      [2, 'branch:N1', 100],
      [3, 'branch:N2', 200],
      [null, 'branch:N4', null],
      [null, 'branch:N5', null],
      [null, 'branch:N6', null],
    ]);
  });

  it('compares libraries among the consortium', async () => {
    const { places, items } = await rankingOf(`by=library&${may}`);
    expect(places).toEqual([
      [1, 'library:CITY', 94],
      [2, 'library:TOWN', 19],
    ]);
    expect(items[1].name).toBe('Town');
    await ask('loans', 'by=library&among=library:CITY').thenRefused(422, 'BAD_PARAMETER');
    await ask('loans', 'by=reader').thenRefused(422, 'BAD_PARAMETER');
  });

  it('is refused of what does not exist', async () => {
    await ask('nothing').thenRefused(404, 'UNKNOWN_METRIC');
    for (const among of ['library:NONE', 'branch:N1', 'all'])
      await ask('loans', `among=${among}`).thenRefused(404, 'UNKNOWN_SCOPE');
  });
});

describe('whoever does not reach all of them', () => {
  it('sees their own ranked among each other, and the median of the others', async () => {
    const key = await keyOf('analyst', 'branch:N3', 'branch:N5');
    const { places, peers } = await rankingOf(may, key);
    expect(places).toEqual([
      [1, 'branch:N3', 20],
      [2, 'branch:N5', 4],
    ]);
    // Of 0, 7, 10, 12, 30, 30.
    expect(peers).toEqual({ median: 11, count: 6 });
  });

  it('sees no median of fewer than five others', async () => {
    const key = await keyOf('branch-manager', 'branch:N3');
    expect((await rankingOf(`among=library:CITY&${may}`, key)).peers).toEqual({ median: 10, count: 5 });
    const two = await keyOf('branch-manager', 'branch:N3', 'branch:N5');
    expect((await rankingOf(`among=library:CITY&${may}`, two)).peers).toBeNull();
    const town = await keyOf('analyst', 'library:CITY');
    expect((await rankingOf(may, town)).peers).toBeNull();
  });

  it('sees a median of the others alone, which nothing of their own moves', async () => {
    const of = async (...scopes: string[]) => (await rankingOf(may, await keyOf('analyst', ...scopes))).peers;
    expect(await of('branch:N2')).toEqual(await of('branch:N4'));
    expect(await of('branch:N6')).toEqual({ median: 12, count: 7 });
  });

  it('does not count others without a value', async () => {
    const key = await keyOf('analyst', 'branch:N3');
    expect((await rankingOf(may, key, 'frequency')).peers).toBeNull();
  });

  it('may ask about the consortium, and about a library of which they reach a branch', async () => {
    const key = await keyOf('analyst', 'branch:N3');
    expect((await rankingOf('', key)).items).toHaveLength(1);
    expect((await rankingOf('among=library:CITY', key)).items).toHaveLength(1);
    await ask('loans', 'among=library:TOWN', key).thenRefused(403, 'OUT_OF_SCOPE');
    expect((await rankingOf('by=library', key)).items).toEqual([]);
    const desk = await keyOf('front-desk', 'consortium');
    await ask('loans', '', desk).thenRefused(403, 'FORBIDDEN');
  });
});

it('costs in several currencies are not compared', async () => {
  await others.publish('ConsortiumConfigured', 'consortium', {
    ...{ name: 'Lakes', timeZone: 'UTC', currency: 'CHF', fiscalYearStartMonth: 1 },
    activityPolicy: defaultPolicy,
  });
  await app.settled();
  await state('E1', 700, 'CHF');
  await app.settled();
  await ask('cost-per-interaction', may).thenRefused(422, 'MIXED_CURRENCIES');
  const town = await rankingOf(`among=library:TOWN&${may}`, app.key, 'cost-per-interaction');
  expect(town).toMatchObject({
    currency: 'CHF',
    places: [
      [1, 'branch:E1', 100],
      [null, 'branch:E2', null],
    ],
  });
});

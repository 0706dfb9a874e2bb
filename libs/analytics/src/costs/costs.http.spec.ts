import { defaultPolicy } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { digest, type Adapters } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours } from '../neighbours.fixture.js';
import { publish } from '../publish.js';

let adapters: Adapters;
let app: TestApp;

beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, {
    now: () => new Date('2024-07-15T12:00:00Z'),
  });
  const branch = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' };
  await neighbours(adapters).publish('BranchAdded', 'branch-NORTH', branch);
});

afterEach(async () => {
  await app.close();
  await adapters.close();
});

const configured = (currency: string) =>
  neighbours(adapters).publish('ConsortiumConfigured', 'consortium-main', {
    ...{ name: 'Riverbend', timeZone: 'UTC', currency, fiscalYearStartMonth: 1 },
    activityPolicy: defaultPolicy,
  });
const staff = {
  branch: 'NORTH',
  month: '2024-05',
  category: 'staff',
  amount: { minor: 5000, currency: 'EUR' },
};
const state = (body: unknown) => ({ url: '/v1/costs', body });
const stateLines = (...lines: unknown[]) => ({
  url: '/v1/costs',
  body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  headers: { 'content-type': 'application/x-ndjson' },
});
const list = async (query = '') => (await app.when({ url: `/v1/costs?${query}` }).then(200)).body;

describe('costs', () => {
  it('are stated once, and replaced by another amount', async () => {
    await app.when(state(staff)).then(201, { outcome: 'recorded' });
    await app.when(state(staff)).then(200, { outcome: 'already-recorded' });
    const changed = { ...staff, amount: { minor: 7000, currency: 'EUR' } };
    const { headers } = await app.when(state(changed)).then(201);
    const after = headers.get('readership-position')!;
    expect(await list(`after=${after}`)).toEqual({ items: [changed], nextCursor: null });
    await app
      .when({ url: `/v1/metrics/cost-per-visit?from=2024-05&to=2024-05&after=${after}` })
      .then(200, { points: [{ numerator: 7000, value: null, denominator: 0 }] });
  });

  it('come many at once, each line with an outcome of its own', async () => {
    const { body } = await app
      .when(
        stateLines(
          staff,
          '{"branch":',
          { ...staff, branch: 'WEST' },
          { ...staff, amount: { minor: 6000, currency: 'EUR' } },
          '',
          { ...staff, amount: { minor: 6000, currency: 'EUR' } },
          { ...staff, colour: 'red' },
        ),
      )
      .then(200);
    expect(body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 2, outcome: 'refused', code: 'MALFORMED_JSON' },
      { line: 3, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
      { line: 4, outcome: 'recorded' },
      { line: 6, outcome: 'already-recorded' },
      { line: 7, outcome: 'refused', code: 'INVALID' },
    ]);
    await app.settled();
    expect((await list()).items).toEqual([{ ...staff, amount: { minor: 6000, currency: 'EUR' } }]);
  });

  it('are listed in pages, of one branch or all', async () => {
    await app
      .when(stateLines(staff, { ...staff, category: 'building' }, { ...staff, category: 'books' }))
      .then(200);
    await app.settled();
    const first = await list('limit=2&branch=NORTH');
    expect(first.items).toHaveLength(2);
    const rest = await list(`limit=2&branch=NORTH&cursor=${encodeURIComponent(first.nextCursor)}`);
    const categories = [...first.items, ...rest.items].map(({ category }) => category).sort();
    expect(categories).toEqual(['books', 'building', 'staff']);
    expect((await list('branch=SOUTH')).items).toEqual([]);
  });

  it('are listed by month, of months, of a category in any spelling, and page by page', async () => {
    await neighbours(adapters).publish('BranchAdded', 'branch-SOUTH', {
      ...{ id: 'SOUTH', name: 'South', library: 'CITY', timeZone: 'UTC' },
    });
    const said = [
      ['NORTH', '2024-05', 'Büro'],
      ['NORTH', '2023-12', 'staff'],
      ['NORTH', '2024-01', 'staff'],
      ['SOUTH', '2024-01', 'staff'],
      ['SOUTH', '2024-02', 'büro'],
    ].map(([branch, month, category]) => ({ ...staff, branch, month, category }));
    await app.when(stateLines(...said)).then(200);
    await app.settled();
    const found = async (query: string) =>
      (await list(query)).items.map(({ branch, month }: Record<string, string>) => `${branch} ${month}`);
    const all = ['NORTH 2023-12', 'NORTH 2024-01', 'SOUTH 2024-01', 'SOUTH 2024-02', 'NORTH 2024-05'];
    expect(await found('')).toEqual(all);
    expect(await found('from=2024-01&to=2024-02')).toEqual(all.slice(1, 4));
    expect(await found('branch=NORTH&to=2024-01')).toEqual(all.slice(0, 2));
    expect(await found('category=STAFF')).toEqual(all.slice(0, 3));
    expect(await found(`category=${encodeURIComponent('BU\u0308RO')}&from=2024-02`)).toEqual(all.slice(3));
    expect(await found('branch=SOUTH&category=staff')).toEqual(['SOUTH 2024-01']);
    const first = await list('from=2024-01&limit=3');
    const cursor = `limit=3&cursor=${first.nextCursor}`;
    const rest = await list(`from=2024-01&${cursor}`);
    expect([...first.items, ...rest.items].map(({ month }) => month).sort()).toEqual([
      ...['2024-01', '2024-01', '2024-02', '2024-05'],
    ]);
    await app.when({ url: `/v1/costs?from=2023-01&${cursor}` }).thenRefused(422, 'BAD_CURSOR');
    for (const month of ['', '2024', '2024-13', '2024-01-01']) {
      await app.when({ url: `/v1/costs?from=${month}` }).thenRefused(422, 'BAD_MONTH');
    }
    await app.when({ url: '/v1/costs?from=2024-02&to=2024-01' }).thenRefused(422, 'FROM_AFTER_TO');
  });

  it('are refused when something is wrong with them, and nothing changes', async () => {
    await app.when(state({ ...staff, branch: 'WEST' })).thenRefused(422, 'UNKNOWN_BRANCH');
    await app.when(state({ ...staff, month: '2024-13' })).thenRefused(422, 'INVALID');
    await app.when(state({ ...staff, month: '9999-01' })).thenRefused(422, 'MONTH_AHEAD');
    await app.when(state({ ...staff, amount: { minor: 1.5, currency: 'EUR' } })).thenRefused(422, 'INVALID');
    await app.when(state({ ...staff, amount: { minor: 1, currency: 'euro' } })).thenRefused(422, 'INVALID');
    await app.when(state([staff])).thenRefused(422, 'INVALID');
    const lines = Array.from({ length: 10_001 }, () => staff);
    await app.when(stateLines(...lines)).thenRefused(413, 'TOO_MANY_LINES');
    expect((await list()).items).toEqual([]);
  });

  it('are one in all spellings of their category, and shown as they were first written', async () => {
    const written = { ...staff, category: 'Gebäude & Pacht' };
    const first = await app.when(state(written)).then(201);
    const spelt = (category: string, minor: number) =>
      state({ ...written, category, amount: { minor, currency: 'EUR' } });
    await app.when(spelt('  GEBA\u0308UDE  & pacht', 5000)).then(200, { id: first.body.id });
    await app.when(spelt('geb\u00e4ude\u00a0& PACHT', 7000)).then(201, { id: first.body.id });
    await app.settled();
    const changed = { ...written, amount: { minor: 7000, currency: 'EUR' } };
    expect((await list()).items).toEqual([changed]);
    const lines = await app
      .when(stateLines({ ...changed, category: 'GEBÄUDE & PACHT' }, { ...staff, category: 'Staff' }, staff))
      .then(200);
    expect(lines.body).toMatchObject([
      { outcome: 'already-recorded' },
      { outcome: 'recorded' },
      { outcome: 'already-recorded' },
    ]);
    await app.settled();
    await app
      .when({ url: '/v1/metrics/cost-per-visit?from=2024-05&to=2024-05' })
      .then(200, { points: [{ numerator: 12_000 }] });
  });

  it('that were stated before spellings were compared are replaced in any of them', async () => {
    const store = adapters.eventStore('analytics', publish);
    const stream = `cost-NORTH-2024-05-${digest('Staff')}`;
    const event = { type: 'CostStated' as const, data: { ...staff, category: 'Staff' } };
    const meta = { commandId: 'c', at: '2024-06-01T00:00:00.000Z', actor: 'spec' };
    expect(await store.append(stream, 0, [event], meta)).toMatchObject({ outcome: 'appended' });
    await app.settled();
    const changed = { ...staff, amount: { minor: 6000, currency: 'EUR' } };
    await app.when(state(changed)).then(201);
    await app
      .when(stateLines({ ...changed, category: 'STAFF' }))
      .then(200, [{ outcome: 'already-recorded' }]);
    await app.settled();
    expect((await list()).items).toEqual([{ ...changed, category: 'Staff' }]);
  });

  it('of another currency than the consortium’s are refused', async () => {
    const inFrancs = { ...staff, amount: { minor: 5000, currency: 'CHF' } };
    const { body } = await app.when(state(inFrancs)).thenRefused(422, 'OTHER_CURRENCY');
    expect(body.detail).toContain('EUR');
    const answer = await app.when(stateLines(inFrancs, staff)).then(200);
    expect(answer.body).toMatchObject([
      { outcome: 'refused', code: 'OTHER_CURRENCY' },
      { outcome: 'recorded' },
    ]);
    await configured('CHF');
    await app.when(state({ ...inFrancs, category: 'rent' })).then(201);
    await app.when(state({ ...staff, category: 'books' })).thenRefused(422, 'OTHER_CURRENCY');
  });

  it('in two currencies, from before it changed, have no one figure', async () => {
    await app.when(state(staff)).then(201);
    await configured('CHF');
    const rent = { ...staff, category: 'rent', amount: { minor: 1, currency: 'CHF' } };
    await app.when(state(rent)).then(201);
    await app.settled();
    await app
      .when({ url: '/v1/metrics/cost-per-visit?from=2024-05&to=2024-05' })
      .thenRefused(422, 'MIXED_CURRENCIES');
    await app
      .when({ url: '/v1/metrics/cost-per-visit?from=2024-06&to=2024-06' })
      .then(200, { currency: 'CHF' });
  });
});

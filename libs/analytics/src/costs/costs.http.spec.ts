import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours } from '../neighbours.js';

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

  it('in two currencies have no one figure', async () => {
    await app
      .when(stateLines(staff, { ...staff, category: 'rent', amount: { minor: 1, currency: 'CHF' } }))
      .then(200);
    await app.settled();
    await app
      .when({ url: '/v1/metrics/cost-per-visit?from=2024-05&to=2024-05' })
      .thenRefused(422, 'MIXED_CURRENCIES');
    await app
      .when({ url: '/v1/metrics/cost-per-visit?from=2024-06&to=2024-06' })
      .then(200, { currency: 'EUR' });
  });
});

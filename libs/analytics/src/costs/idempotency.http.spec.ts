import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { keepsIdempotencyKeys } from '@readership/host/testing/idempotency';
import type { Adapters } from '@readership/kernel';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours } from '../neighbours.fixture.js';

let at: number;
let adapters: Adapters;
let app: TestApp;
const pass = (hours: number): void => void (at += hours * 3_600_000);

beforeEach(async () => {
  at = new Date('2024-07-15T12:00:00Z').getTime();
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, { now: () => new Date(at) });
  const branch = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' };
  await neighbours(adapters).publish('BranchAdded', 'branch-NORTH', branch);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const url = '/v1/costs';
const cost = (minor: number, category = 'staff') => ({
  ...{ branch: 'NORTH', month: '2024-05', category },
  amount: { minor, currency: 'EUR' },
});
const lines = (...costs: readonly object[]) => ({
  url,
  body: costs.map((each) => JSON.stringify(each)).join('\n'),
  headers: { 'content-type': 'application/x-ndjson' },
});
const amounts = async (): Promise<readonly number[]> => {
  await app.settled();
  const { body } = await app.when({ url }).then(200);
  return (body as { items: ReturnType<typeof cost>[] }).items.map(({ amount }) => amount.minor);
};

keepsIdempotencyKeys(() => ({ app, adapters, pass }), {
  'a cost': (n) => ({ url, body: cost(n, `category ${n}`) }),
  'a batch of costs': (n) => lines(cost(1, `staff ${n}`), cost(2, `media ${n}`), cost(3, `staff ${n}`)),
});

describe('costs that are stated again with their idempotency key', () => {
  it.each([
    ['as one', { url, body: cost(100) }],
    ['in a batch', lines(cost(50), cost(100))],
  ])('do not replace what somebody else has stated since: %s', async (_, request) => {
    const headers: Record<string, string> = 'headers' in request ? request.headers : {};
    const keyed = { ...request, headers: { ...headers, 'idempotency-key': 'one' } };
    const { status } = await app.http(keyed);
    expect(await amounts()).toEqual([100]);
    await app.when({ url, body: cost(200) }).then(201);
    const before = await app.recordedSoFar();
    await app.when(keyed).then(status);
    expect(await amounts()).toEqual([200]);
    expect(await app.recordedSoFar()).toBe(before);
    // Without the key it is another statement.
    await app.when(request).then(status);
    expect(await amounts()).toEqual([100]);
  });
});

import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { AnalyticsModule } from '../analytics.module.js';
import { neighbours } from '../neighbours.fixture.js';

const url = '/v1/metrics/query';
const libraries = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' };
let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  const others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, {
    now: () => new Date('2024-07-15T12:00:00Z'),
  });
  for (const id of ['CITY', 'TOWN']) await others.publish('LibraryAdded', `library-${id}`, { id, name: id });
  for (const [id, library] of Object.entries(libraries))
    await others.publish('BranchAdded', `branch-${id}`, { id, name: id, library, timeZone: 'UTC' });
  // As many readers and loans as the place of the branch: 1, 2 and 3.
  for (const [at, branch] of Object.keys(libraries).entries()) {
    for (let n = 0; n <= at; n++) {
      const personId = randomUUID();
      await others.publish('PatronRegistered', personId, {
        ...{ personId, homeBranch: branch, enrolledOn: '2024-03-05' },
      });
      await others.publish('InteractionRecorded', personId, {
        ...{ interaction: `${branch}-${n}`, reference: personId },
        now: {
          ...{ time: '2024-04-01T10:00:00.000Z', kind: 'loan', branch, quantity: 1 },
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

const ask = (requests: readonly object[], key = app.key) => app.when({ url, body: { requests }, key });
const spring = { from: '2024-03', to: '2024-05' };

/** The values of each answer, by its index. */
const valuesOf = ({ answers }: { answers: { points: { value: number | null }[] }[] }) =>
  answers.map(({ points }) => points.map(({ value }) => value));

describe('several metrics at once', () => {
  it('are answered in the order of the requests, as of one time', async () => {
    const { body } = await ask([
      { metric: 'loans', ...spring },
      { metric: 'new-readers', scope: 'library:CITY', ...spring },
      { metric: 'loans', scope: 'branch:EAST', grain: 'year', from: '2024-01', to: '2024-12' },
    ]).then(200);
    expect(valuesOf(body)).toEqual([[0, 6, 0], [3, 0, 0], [3]]);
    const asOfs = body.answers.map(({ asOf }: { asOf: string }) => asOf);
    expect(new Set([body.asOf, ...asOfs]).size).toBe(1);
    await app.when({ url: '/v1/metrics/loans?from=2024-03&to=2024-05' }).then(200, body.answers[0]);
  });

  it('take several branches as one scope, each branch once, like a metric alone', async () => {
    const scope = 'branch:NORTH,branch:EAST,branch:NORTH';
    const { body } = await ask([
      { metric: 'loans', scope, ...spring },
      { metric: 'current-readers', scope, from: '2024-05', to: '2024-05' },
    ]).then(200);
    expect(valuesOf(body)).toEqual([[0, 4, 0], [4]]);
    await app.when({ url: `/v1/metrics/loans?scope=${scope}&from=2024-03&to=2024-05` }).then(200, {
      scope,
      points: [{ value: 0 }, { value: 4 }, { value: 0 }],
    });
  });

  it('are refused together when one is out of scope', async () => {
    const key = await issuedKey(app, adapters, [{ role: 'analyst', scopes: ['library:CITY'] }]);
    const own = { metric: 'loans', scope: 'branch:NORTH,branch:SOUTH' };
    await ask([{ metric: 'loans' }, own, { metric: 'nps', scope: 'library:CITY' }], key).then(200);
    for (const scope of ['branch:EAST', 'library:TOWN', 'branch:NORTH,branch:EAST'])
      await ask([own, { metric: 'loans', scope }], key).thenRefused(403, 'OUT_OF_SCOPE');
  });

  it.each([
    [[], 422, 'INVALID'],
    [Array.from({ length: 51 }, () => ({ metric: 'loans' })), 422, 'INVALID'],
    [[{ metric: 'nobody' }], 422, 'INVALID'],
    [[{ metric: 'loans', grain: 'day' }], 422, 'INVALID'],
    [[{ metric: 'loans', scope: 'branch:NOWHERE' }], 404, 'UNKNOWN_SCOPE'],
    [[{ metric: 'loans', scope: 'branch:NORTH,library:CITY' }], 404, 'UNKNOWN_SCOPE'],
    [[{ metric: 'loans', scope: `branch:NORTH${',branch:EAST'.repeat(200)}` }], 404, 'UNKNOWN_SCOPE'],
    [[{ metric: 'loans', from: '1950-01' }], 400, 'TOO_MANY_POINTS'],
  ])('are refused when one cannot be answered: %j', (requests, status, code) =>
    ask(requests).thenRefused(status, code),
  );

  it('say which request is wrong', async () => {
    const { body } = await ask([{ metric: 'loans' }, { metric: 'loans', to: 'May' }]).thenRefused(
      422,
      'BAD_MONTH',
    );
    expect(body.errors[0].pointer).toBe('/requests/1/to');
  });
});

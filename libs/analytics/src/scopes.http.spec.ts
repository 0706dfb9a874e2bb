import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { AnalyticsModule } from './analytics.module.js';
import { ScopeDirectory } from './directory/directory.js';
import { neighbours, type Neighbours } from './neighbours.fixture.js';

let adapters: Adapters;
let others: Neighbours;
let app: TestApp;

beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  others = neighbours(adapters);
  app = await startApp((on) => [AnalyticsModule.on(on)], adapters, {
    now: () => new Date('2024-07-15T12:00:00Z'),
  });
  for (const id of ['CITY', 'TOWN']) await others.publish('LibraryAdded', `library-${id}`, { id, name: id });
  for (const [id, library] of Object.entries({ NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' })) {
    await others.publish('BranchAdded', `branch-${id}`, { id, name: id, library, timeZone: 'UTC' });
  }
  await app.settled();
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const keyOf = (role: Grant['role'], ...scopes: string[]) => issuedKey(app, adapters, [{ role, scopes }]);

/** The library of a branch becomes another one. */
async function transfer(id: string, library: string): Promise<void> {
  await others.publish('BranchTransferred', `branch-${id}`, { id, library });
  await app.settled();
}

/** Calls `work`. Resolves to how often the directory was read meanwhile. */
async function directoryReadsOf(work: () => Promise<unknown>): Promise<number> {
  const directory = app.app.get(ScopeDirectory, { strict: false });
  const read = directory.read.bind(directory);
  let reads = 0;
  directory.read = () => {
    reads++;
    return read();
  };
  await work();
  directory.read = read;
  return reads;
}

const outOf = async (scopes: string, key: string, request: { url: string; body?: unknown }) => {
  const { body } = await app.when({ ...request, key }).thenRefused(403, 'OUT_OF_SCOPE');
  expect(body.detail).toContain(`in ${scopes} only`);
};

describe.each([
  ['the board', '/v1/metrics'],
  ['a metric', '/v1/metrics/visits'],
])('%s', (_what, url) => {
  const of = (scope: string) => ({ url: `${url}?scope=${scope}` });

  it('is shown of the scopes of the credential, and of the consortium to all who see figures', async () => {
    const key = await keyOf('analyst', 'branch:NORTH', 'library:TOWN');
    for (const scope of ['branch:NORTH', 'library:TOWN', 'branch:EAST', 'consortium']) {
      await app.when({ ...of(scope), key }).then(200, { scope });
    }
    await app.when({ url, key }).then(200, { scope: 'consortium' });
    for (const scope of ['branch:SOUTH', 'library:CITY']) {
      await outOf('branch:NORTH, library:TOWN', key, of(scope));
    }
    for (const scope of ['branch:NOWHERE', 'library:NONE', 'everything', 'Consortium']) {
      await app.when({ ...of(scope), key }).thenRefused(404, 'UNKNOWN_SCOPE');
    }
  });

  it('is shown to the library that a branch belongs to now', async () => {
    const key = await keyOf('branch-manager', 'library:CITY');
    await outOf('library:CITY', key, of('branch:EAST'));
    await transfer('EAST', 'CITY');
    await app.when({ ...of('branch:EAST'), key }).then(200);
    await transfer('SOUTH', 'TOWN');
    await outOf('library:CITY', key, of('branch:SOUTH'));
    await app.when({ ...of('library:CITY'), key }).then(200);
  });

  it('takes one read of the directory, whoever asks', async () => {
    const key = await keyOf('analyst', 'library:CITY');
    expect(await directoryReadsOf(() => app.when({ ...of('branch:NORTH'), key }).then(200))).toBe(1);
    expect(await directoryReadsOf(() => outOf('library:CITY', key, of('branch:EAST')))).toBe(1);
  });

  it('is shown of every scope to whoever reaches the consortium', async () => {
    for (const key of [
      await keyOf('analyst', 'consortium'),
      await keyOf('privacy-officer', 'branch:NORTH'),
    ]) {
      for (const scope of ['branch:EAST', 'library:CITY']) await app.when({ ...of(scope), key }).then(200);
    }
    const desk = await keyOf('front-desk', 'consortium');
    await app.when({ ...of('consortium'), key: desk }).thenRefused(403, 'FORBIDDEN');
  });
});

describe('costs', () => {
  const staff = (branch: string, change: object = {}) => ({
    ...{ branch, month: '2024-05', category: 'staff', amount: { minor: 5000, currency: 'EUR' } },
    ...change,
  });
  const state = (branch: string, change?: object) => ({ url: '/v1/costs', body: staff(branch, change) });
  const lines = (...stated: object[]) => ({
    url: '/v1/costs',
    body: stated.map((each) => JSON.stringify(each)).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const francs = { amount: { minor: 1, currency: 'CHF' } };

  it('are stated of the branches of the credential, and of no other', async () => {
    const key = await keyOf('integrator', 'branch:NORTH');
    await app.when({ ...state('NORTH'), key }).then(201);
    const before = await app.recordedSoFar();
    await outOf('branch:NORTH', key, state('SOUTH'));
    await outOf('branch:NORTH', key, state('SOUTH', francs));
    await app.when({ ...state('NOWHERE'), key }).thenRefused(422, 'UNKNOWN_BRANCH');
    await app.when({ ...state('NORTH', francs), key }).thenRefused(422, 'OTHER_CURRENCY');
    expect(await app.recordedSoFar()).toBe(before);
    await app.when({ ...state('EAST'), key: await keyOf('integrator', 'consortium') }).then(201);
  });

  it('are stated by the library that a branch belongs to now', async () => {
    const key = await keyOf('branch-manager', 'library:CITY');
    await outOf('library:CITY', key, state('EAST'));
    await transfer('EAST', 'CITY');
    await app.when({ ...state('EAST'), key }).then(201);
    await transfer('SOUTH', 'TOWN');
    await outOf('library:CITY', key, state('SOUTH'));
  });

  it('come many at once, each line within the scopes or refused alone', async () => {
    const key = await keyOf('branch-manager', 'library:CITY');
    const before = await app.recordedSoFar();
    const { body } = await app
      .when({
        ...lines(staff('NORTH'), staff('EAST'), staff('NOWHERE'), staff('SOUTH'), staff('EAST', francs)),
        key,
      })
      .then(200);
    expect(body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 2, outcome: 'refused', code: 'OUT_OF_SCOPE' },
      { line: 3, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
      { line: 4, outcome: 'recorded' },
      { line: 5, outcome: 'refused', code: 'OUT_OF_SCOPE' },
    ]);
    expect(await app.recordedSoFar()).toBe(before + 2);
  });

  it('out of scope are refused without a second look at the directory', async () => {
    const key = await keyOf('branch-manager', 'library:CITY');
    const stated = { ...lines(staff('NORTH'), staff('EAST'), staff('SOUTH')), key };
    expect(await directoryReadsOf(() => app.when(stated).then(200))).toBe(1);
  });

  it('are listed of a branch within the scopes, and of all for whoever reaches the consortium', async () => {
    await app.when(lines(staff('NORTH'), staff('SOUTH'), staff('EAST'))).then(200);
    await app.settled();
    const branchesOf = async (query: string, key: string) =>
      (await app.when({ url: `/v1/costs${query}`, key }).then(200)).body.items.map(
        ({ branch }: { branch: string }) => branch,
      );
    const city = await keyOf('analyst', 'library:CITY');
    expect(await branchesOf('?branch=SOUTH', city)).toEqual(['SOUTH']);
    for (const query of ['?branch=EAST', '?branch=NOWHERE', '?branch=']) {
      await outOf('library:CITY', city, { url: `/v1/costs${query}` });
    }
    const { body } = await app.when({ url: '/v1/costs', key: city }).thenRefused(403, 'OUT_OF_SCOPE');
    expect(body.detail).toMatch(/library:CITY only\. Name a branch/);
    await transfer('EAST', 'CITY');
    expect(await branchesOf('?branch=EAST', city)).toEqual(['EAST']);
    const all = await keyOf('analyst', 'consortium');
    expect((await branchesOf('', all)).sort()).toEqual(['EAST', 'NORTH', 'SOUTH']);
    expect(await branchesOf('?branch=NORTH', all)).toEqual(['NORTH']);
  });
});

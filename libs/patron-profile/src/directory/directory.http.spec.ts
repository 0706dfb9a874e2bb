import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';

const library = { url: '/v1/libraries', body: { id: 'CITY', name: 'City Library' } };
const branch = {
  url: '/v1/branches',
  body: { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'Europe/Vienna', population: 9_000 },
};
const put = (body: object) => ({ method: 'PUT', url: '/v1/consortium', body });
const patch = (url: string, body: object, version?: number) => ({
  method: 'PATCH',
  url,
  body,
  headers: version === undefined ? {} : { 'if-match': `"v${version}"` },
});

let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

describe('the consortium', () => {
  it('is unknown until it is put', () =>
    app.when({ url: '/v1/consortium' }).thenRefused(404, 'CONSORTIUM_UNKNOWN'));

  it('takes defaults for what is left out', async () => {
    const answer = await app.when(put({ name: 'Lakeside' })).then(200, {
      name: 'Lakeside',
      timeZone: 'UTC',
      currency: 'EUR',
      fiscalYearStartMonth: 1,
      activityPolicy: { windowMonths: 12, digital: true },
    });
    expect(answer.headers.get('etag')).toBe('"v1"');
    expect(answer.headers.get('readership-position')).toBeTruthy();
    await app.when({ url: '/v1/consortium' }).then(200, answer.body);
  });

  it('changes nothing when the same is put again', async () => {
    const again = await app
      .given(put({ name: 'Lakeside' }))
      .when(put({ name: 'Lakeside', timeZone: 'UTC' }))
      .then(200);
    expect(again.headers.get('etag')).toBe('"v1"');
  });

  it.each([
    { timeZone: 'Mars/Olympus' },
    { timeZone: '+01:00' },
    { currency: 'XQQ' },
    { fiscalYearStartMonth: 13 },
    { activityPolicy: { qualifying: ['nap'], windowMonths: 12, digital: true } },
    { activityPolicy: { qualifying: ['loan'], windowMonths: 13, digital: true } },
    { activityPolicy: [] },
    { nmae: 'x' },
    { name: '' },
    { patronLookup: 'everywhere' },
  ])('refuses %j', (change) => app.when(put({ name: 'Lakeside', ...change })).thenRefused(422, 'INVALID'));
});

describe('libraries', () => {
  it('are added', async () => {
    const { headers } = await app.when(library).then(201, library.body);
    expect([headers.get('location'), headers.get('etag')]).toEqual(['/v1/libraries/CITY', '"v1"']);
  });
  it('stay as they are when added again', () => app.given(library).when(library).then(200, library.body));
  it('are not added again with another name', () =>
    app
      .given(library)
      .when({ ...library, body: { id: 'CITY', name: 'Other' } })
      .thenRefused(409, 'LIBRARY_EXISTS'));
  it('are renamed by who has seen them', async () => {
    await app
      .given(library)
      .when(patch('/v1/libraries/CITY', { name: 'Town' }, 1))
      .then(200, { name: 'Town' });
    await app.when(patch('/v1/libraries/CITY', { name: 'Village' }, 1)).then(412);
    await app.when(patch('/v1/libraries/CITY', { name: 'Village' })).thenRefused(428, 'IF_MATCH_REQUIRED');
    await app.when({ url: '/v1/libraries/CITY' }).then(200, { id: 'CITY', name: 'Town' });
  });
  it('are unknown until they are added', () =>
    app.when({ url: '/v1/libraries/NONE' }).thenRefused(404, 'LIBRARY_UNKNOWN'));
  it.each(['', 'A B', 'x'.repeat(33), 'Ä'])('have no id %j', (id) =>
    app.when({ ...library, body: { id, name: 'x' } }).thenRefused(422, 'INVALID'),
  );
});

describe('branches', () => {
  it('are added to a library', async () => {
    const { headers } = await app.given(library).when(branch).then(201, branch.body);
    expect([headers.get('location'), headers.get('etag')]).toEqual(['/v1/branches/NORTH', '"v1"']);
    await app.when(branch).then(200, branch.body);
    await app.when({ ...branch, body: { ...branch.body, name: 'Other' } }).thenRefused(409, 'BRANCH_EXISTS');
  });
  it('need a library', () => app.when(branch).thenRefused(422, 'UNKNOWN_LIBRARY'));
  it('change', async () => {
    await app
      .given(library, branch)
      .when(patch('/v1/branches/NORTH', { name: 'North Side', timeZone: 'UTC' }, 1))
      .then(200, { ...branch.body, name: 'North Side', timeZone: 'UTC' });
    const { headers } = await app.when({ url: '/v1/branches/NORTH' }).then(200, { name: 'North Side' });
    expect(headers.get('etag')).toBe('"v3"');
    await app.when(patch('/v1/branches/NORTH', { library: 'NONE' }, 3)).thenRefused(422, 'UNKNOWN_LIBRARY');
  });
  it('say since when so many live there, today unless it is told', async () => {
    await app
      .given(library, branch)
      .when(patch('/v1/branches/NORTH', { population: 9_500, populationSince: '2023-01-01' }, 1))
      .then(200, { population: 9_500, populationSince: '2023-01-01' });
    const today = new Date().toISOString().slice(0, 10);
    const { body } = await app.when(patch('/v1/branches/NORTH', { population: 9_600 }, 2)).then(200);
    expect(body.populationSince >= today).toBe(true);
    await app
      .when(patch('/v1/branches/NORTH', { populationSince: '2023-02-30' }, 3))
      .thenRefused(422, 'INVALID');
  });
  it('are listed by id, page by page, of all libraries or one', async () => {
    const more = ['C', 'A', 'B'].map((id) => ({ ...branch, body: { ...branch.body, id } }));
    const last = await app.given(library, more[0]!, more[1]!).when(more[2]!).then(201);
    const after = `after=${last.headers.get('readership-position')}`;
    await app.settled();
    const first = await app.when({ url: `/v1/branches?limit=2&${after}` }).then(200);
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(['A', 'B']);
    const rest = await app.when({ url: `/v1/branches?limit=2&cursor=${first.body.nextCursor}` }).then(200);
    expect(rest.body).toMatchObject({ items: [{ id: 'C' }], nextCursor: null });
    const cursor = `limit=2&cursor=${first.body.nextCursor}`;
    await app.when({ url: `/v1/branches?library=CITY&${cursor}` }).thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: `/v1/libraries?${cursor}` }).thenRefused(422, 'BAD_CURSOR');
    const ofCity = await app.when({ url: '/v1/branches?library=CITY' }).then(200);
    expect(ofCity.body.items).toHaveLength(3);
    await app.when({ url: '/v1/branches?library=LAKE' }).then(200, { items: [], nextCursor: null });
    await app.when({ url: '/v1/libraries' }).then(200, { items: [library.body], nextCursor: null });
  });
});

describe('a search of the directory', () => {
  const named = (id: string, name: string, of: string) => ({
    ...branch,
    body: { ...branch.body, id, name, library: of },
  });
  const idsOf = async (url: string) => {
    const { body } = await app.when({ url }).then(200);
    return (body.items as { id: string }[]).map(({ id }) => id);
  };

  it('finds libraries and branches by name or id, page by page', async () => {
    const lake = { ...library, body: { id: 'LAKE', name: 'Bibliothèque du Lac' } };
    await app
      .given(library, lake, named('A-1', 'Bücherei Nord', 'CITY'), named('A-2', 'Stadtbücherei', 'LAKE'))
      .when(named('B-1', 'Annexe', 'CITY'))
      .then(201);
    await app.settled();
    expect(await idsOf('/v1/libraries?q=BIBLIOTHEQUE')).toEqual(['LAKE']);
    expect(await idsOf('/v1/libraries?q=city')).toEqual(['CITY']);
    expect(await idsOf(`/v1/branches?q=${encodeURIComponent('bu\u0308cherei')}`)).toEqual(['A-1', 'A-2']);
    expect(await idsOf('/v1/branches?q=a-1%20nord')).toEqual(['A-1']);
    expect(await idsOf('/v1/branches?q=bucherei&library=LAKE')).toEqual(['A-2']);
    expect(await idsOf('/v1/branches?q=nowhere')).toEqual([]);
    const first = await app.when({ url: '/v1/branches?q=bucherei&limit=1' }).then(200);
    const cursor = `limit=1&cursor=${first.body.nextCursor}`;
    const rest = await app.when({ url: `/v1/branches?q=bucherei&${cursor}` }).then(200);
    expect([first, rest].map(({ body }) => body.items[0].id)).toEqual(['A-1', 'A-2']);
    expect(rest.body.nextCursor).toBeNull();
    await app.when({ url: `/v1/branches?q=nord&${cursor}` }).thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: `/v1/branches?${cursor}` }).thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: `/v1/branches?q=bucherei&library=LAKE&${cursor}` }).thenRefused(422, 'BAD_CURSOR');
  });

  it.each(['', '%20', '-', 'x'.repeat(201)])('for %j is refused', (q) =>
    app.when({ url: `/v1/branches?q=${q}` }).thenRefused(422, 'BAD_QUERY'),
  );
});

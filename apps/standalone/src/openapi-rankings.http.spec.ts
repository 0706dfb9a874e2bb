import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { DescribedAnswers, type Document } from './described-answers.fixture.js';
import { idOf } from './messages.fixture.js';
import { modulesOn } from './modules.js';
import { ada, event, north } from './requests.fixture.js';

let adapters: Adapters;
let app: TestApp;
let described: DescribedAnswers;

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now: () => new Date('2024-07-15T12:00:00.000Z') });
  described = new DescribedAnswers((await app.http({ url: '/openapi.json', key: null })).body as Document);
  await app.when({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } }).then(201);
  for (const id of ['NORTH', 'SOUTH'])
    await app.when({ url: '/v1/branches', body: { ...north, id, name: id } }).then(201);
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** Asks for an answer that must have this status, and must be as it is described. */
async function get(url: string, status = 200): Promise<any> {
  const answer = await app.http({ url });
  expect(described.faults('GET', url, answer)).toEqual([]);
  expect([url, answer.status]).toEqual([url, status]);
  return answer.body;
}

describe('an answer is as it is described', () => {
  it('about the interactions of a patron', async () => {
    const id = idOf(await app.when({ url: '/v1/patrons', body: ada }).then(201));
    for (const card of ada.cards) {
      await app.when({ url: '/v1/interactions', body: event({ card, details: 'a book' }) }).then(201);
      await app.when({ url: '/v1/interactions', body: event({ card, channel: 'desk' }) }).then(201);
    }
    await app.settled();
    const url = `/v1/patrons/${id}/interactions`;
    expect(await get(url)).toMatchObject({ items: [{ patronId: id }, { patronId: id }], nextCursor: null });
    expect(await get(`${url}?limit=1&kind=loan&branch=NORTH&from=2024-01-01T00:00:00Z`)).toMatchObject({
      nextCursor: expect.any(String),
    });
    await get('/v1/patrons/nobody/interactions', 404);
  });

  it('about the rankings of every metric', async () => {
    const url = '/v1/rankings/{name}';
    const { parameters } = described.document.paths[url]!['get']!;
    const { enum: names } = parameters.find(({ name }) => name === 'name')!.schema as { enum: string[] };
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) {
      expect(await get(url.replace('{name}', name))).toMatchObject({ items: [{}, {}], peers: null });
    }
    await get('/v1/rankings/loans?among=library:CITY&from=2024-04&to=2024-06');
    await get('/v1/rankings/loans?by=library');
    await get('/v1/rankings/loans?among=library:NONE', 404);
    await get('/v1/rankings/nothing', 404);
  });

  it('about a ranking of others, with their median', async () => {
    for (let n = 0; n < 5; n++)
      await app.when({ url: '/v1/branches', body: { ...north, id: `B${n}`, name: 'B' } }).then(201);
    await app.settled();
    const key = await issuedKey(app, adapters, [{ role: 'analyst', scopes: ['branch:NORTH'] }]);
    const url = '/v1/rankings/loans';
    const answer = await app.http({ url, key });
    expect(described.faults('GET', url, answer)).toEqual([]);
    expect(answer.body).toMatchObject({ items: [{ rank: 1 }], peers: { median: 0, count: 6 } });
  });
});

import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';

const libraryOf = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN', WEST: 'TOWN', PIER: 'COAST' } as const;
type Branch = keyof typeof libraryOf;

let adapters: Adapters;
let app: TestApp;
const ids = new Map<string, string>();

const configure = (patronLookup?: string) =>
  app.when({ method: 'PUT', url: '/v1/consortium', body: { name: 'Lakes', patronLookup } });
async function registered(card: string, homeBranch: Branch, familyName = 'Kim'): Promise<string> {
  const body = {
    ...{ cards: [card], givenName: card, familyName, homeBranch },
    ...{ email: 'family@example.org', phone: '+43 1 234567' },
  };
  const { body: made } = await app.when({ url: '/v1/patrons', body }).then(201);
  ids.set(made.id, card);
  return made.id as string;
}
const keyOf = (...grants: readonly Grant[]) => issuedKey(app, adapters, grants);
const desk = (...scopes: readonly string[]) => keyOf({ role: 'front-desk', scopes });
/** The cards of everybody found, page by page, with the number of pages. */
async function found(key: string, query: string, limit = 50): Promise<{ cards: string[]; pages: number }> {
  const cards: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const url: string = `/v1/patrons?${query}&limit=${limit}${cursor && `&cursor=${cursor}`}`;
    const { body } = await app.when({ url, key }).then(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    cards.push(...body.items.map(({ id }: { id: string }) => ids.get(id)!));
    cursor = body.nextCursor;
  }
  return { cards, pages };
}
const cardsOf = async (key: string, query = 'name=kim') => (await found(key, query)).cards.sort();

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters);
  await configure().then(200, { patronLookup: 'consortium' });
  for (const id of ['CITY', 'TOWN', 'COAST', 'EMPTY'])
    await app.when({ url: '/v1/libraries', body: { id, name: id } }).then(201);
  for (const [id, library] of Object.entries(libraryOf))
    await app.when({ url: '/v1/branches', body: { id, name: id, library, timeZone: 'UTC' } }).then(201);
  for (const branch of Object.keys(libraryOf) as Branch[]) await registered(branch[0]!, branch);
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});
afterEach(() => configure().then(200));

const everybody = ['E', 'N', 'P', 'S', 'W'];
const queries = ['name=kim', 'name=K', 'email=FAMILY@example.org', 'phone=431234567'];

it('with patronLookup consortium, everybody finds everybody', async () => {
  for (const query of queries) expect(await cardsOf(await desk('branch:NORTH'), query)).toEqual(everybody);
});

describe('with patronLookup library', () => {
  beforeEach(() => configure('library').then(200, { patronLookup: 'library' }));

  it.each<[string, readonly Grant[], readonly string[]]>([
    [
      'a desk of a branch those of its library',
      [{ role: 'front-desk', scopes: ['branch:NORTH'] }],
      ['N', 'S'],
    ],
    [
      'a manager of a library those of it',
      [{ role: 'branch-manager', scopes: ['library:TOWN'] }],
      ['E', 'W'],
    ],
    [
      'whoever has two grants those of both',
      [
        { role: 'front-desk', scopes: ['branch:SOUTH'] },
        { role: 'branch-manager', scopes: ['branch:PIER'] },
      ],
      ['N', 'P', 'S'],
    ],
    [
      'a grant that does not permit it adds nothing',
      [
        { role: 'front-desk', scopes: ['branch:SOUTH'] },
        { role: 'analyst', scopes: ['consortium'] },
      ],
      ['N', 'S'],
    ],
    [
      'whoever has the consortium everybody',
      [{ role: 'privacy-officer', scopes: ['consortium'] }],
      everybody,
    ],
    ['whoever has a library without branches nobody', [{ role: 'admin', scopes: ['library:EMPTY'] }], []],
  ])('%s', async (_, grants, expected) => {
    const key = await keyOf(...grants);
    for (const query of queries) expect([query, await cardsOf(key, query)]).toEqual([query, expected]);
  });

  it('by card or id, every desk finds whoever stands there', async () => {
    const key = await desk('branch:NORTH');
    const { body } = await app.when({ url: '/v1/patrons?card=E', key }).then(200);
    expect(body.items).toMatchObject([{ givenName: 'E', homeBranch: 'EAST' }]);
    await app.when({ url: `/v1/patrons/${body.items[0].id}`, key }).then(200, { homeBranch: 'EAST' });
  });

  it('pages hold only what may be found, and end the same however many others there are', async () => {
    for (let n = 0; n < 5; n++) await registered(`n${n}`, 'NORTH', 'Page');
    for (let n = 0; n < 3; n++) await registered(`s${n}`, 'SOUTH', 'Page');
    await app.settled();
    const key = await desk('branch:NORTH');
    const own = await found(key, 'name=page', 2);
    expect(own.cards.sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 's0', 's1', 's2']);
    for (let n = 0; n < 30; n++) await registered(`e${n}`, 'EAST', 'Page');
    await app.settled();
    expect((await found(key, 'name=page', 2)).pages).toBe(own.pages);
    // A cursor of somebody who finds more opens nothing more.
    const { body } = await app.when({ url: '/v1/patrons?name=page&limit=2', key }).then(200);
    const town = await desk('library:TOWN');
    const url = `/v1/patrons?name=page&limit=200&cursor=${body.nextCursor}`;
    const { body: others } = await app.when({ url, key: town }).then(200);
    for (const { homeBranch } of others.items) expect(libraryOf[homeBranch as Branch]).toBe('TOWN');
    await app.when({ url: url.replace('page', 'pag'), key }).thenRefused(422, 'BAD_CURSOR');
    await configure().then(200);
    await app.when({ url, key }).thenRefused(422, 'BAD_CURSOR');
  });

  it('whoever moves is found at the new home, from the last day on, and no more at the old one', async () => {
    const id = await registered('M', 'NORTH', 'Mover');
    const move = (homeBranch: Branch, since: string) =>
      app.when({ url: `/v1/patrons/${id}/move`, body: { homeBranch, since } }).then(200);
    await move('EAST', '2024-03-01');
    await move('PIER', '2024-02-01');
    await app.settled();
    expect(await cardsOf(await desk('branch:EAST'), 'name=mover')).toEqual(['M']);
    for (const branch of ['NORTH', 'PIER'])
      expect(await cardsOf(await desk(`branch:${branch}`), 'name=mover')).toEqual([]);
  });

  it('a branch that changes library takes its patrons along', async () => {
    const change = (library: string, version: number) => ({
      method: 'PATCH',
      url: '/v1/branches/WEST',
      body: { library },
      headers: { 'if-match': `"v${version}"` },
    });
    const key = await desk('library:COAST');
    await app.when(change('COAST', 1)).then(200);
    await app.settled();
    expect(await cardsOf(key)).toEqual(['P', 'W']);
    await app.when(change('TOWN', 2)).then(200);
    await app.settled();
    expect(await cardsOf(key)).toEqual(['P']);
  });

  it('a page reads at most 50 branches, and the next goes on with the others', async () => {
    await app.when({ url: '/v1/libraries', body: { id: 'WIDE', name: 'Wide' } }).then(201);
    for (let n = 0; n < 120; n++) {
      const id = `W${String(n).padStart(3, '0')}`;
      await app
        .when({ url: '/v1/branches', body: { id, name: id, library: 'WIDE', timeZone: 'UTC' } })
        .then(201);
    }
    await registered('last', 'W119' as Branch, 'Last');
    await app.settled();
    expect(await found(await desk('library:WIDE'), 'name=last')).toEqual({ cards: ['last'], pages: 3 });
    expect((await found(await desk('library:WIDE'), 'name=nobody')).pages).toBe(3);
  });
});

import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { startApp, type TestAnswer, type TestApp, type TestRequest } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modulesOn } from './modules.js';
import { ada, cost, event, north } from './requests.fixture.js';

const libraryOf = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' };

let now: Date;
let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  now = new Date('2024-07-15T12:00:00.000Z');
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now: () => now });
  await configure({});
  for (const id of ['CITY', 'TOWN'])
    await app.when({ url: '/v1/libraries', body: { id, name: id } }).then(201);
  for (const [id, library] of Object.entries(libraryOf))
    await app.when({ url: '/v1/branches', body: { ...north, id, name: id, library } }).then(201);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const configure = (settings: object) =>
  app.when({ method: 'PUT', url: '/v1/consortium', body: { name: 'Lakes', ...settings } }).then(200);
/** A key that the administrator issues over HTTP. */
async function keyFor(name: string, grants: readonly Grant[], more: object = {}) {
  const { body } = await app.when({ url: '/v1/api-keys', body: { name, grants, ...more } }).then(201);
  return body as { readonly id: string; readonly key: string };
}
const as = (key: string) => (request: TestRequest) => app.when({ ...request, key });
const loanAt = (branch: string, data: object = {}, source = 'urn:ils:north') => ({
  url: '/v1/interactions',
  body: { ...event({ branch, ...data }), source },
});
const batchOf = (...events: readonly object[]): TestRequest => ({
  url: '/v1/interactions/batch',
  body: events.map((each) => `${JSON.stringify(each)}\n`).join(''),
  headers: { 'content-type': 'application/x-ndjson' },
});
const loansOf = (scope: string) => ({ url: `/v1/metrics/loans?scope=${scope}&from=2024-03&to=2024-03` });
const value = (expected: number) => (body: TestAnswer['body']) => expect(body.points[0].value).toBe(expected);

it('a parent brings the card of a child from another town, and the desk serves the child by it', async () => {
  await configure({ patronLookup: 'library' });
  const child = { ...ada, cards: ['77 01'], givenName: 'Mia', familyName: 'Brook', homeBranch: 'EAST' };
  const { body } = await app.when({ url: '/v1/patrons', body: child }).then(201);
  await app.settled();
  const desk = as((await keyFor('Desk', [{ role: 'front-desk', scopes: ['branch:NORTH'] }])).key);

  // Nobody browses the readers of the other town, but whoever stands there with a card is served.
  await desk({ url: '/v1/patrons?name=brook' }).then(200, { items: [], nextCursor: null });
  await desk({ url: '/v1/patrons?card=7701' }).then(200, { items: [{ id: body.id, givenName: 'Mia' }] });
  await desk(loanAt('NORTH', { card: '7701' })).then(201);
  const phone = { phone: '+43 1 234567' };
  await desk({ url: `/v1/patrons/${body.id}/contact`, body: phone }).then(200);
  await desk(loanAt('EAST', { card: '7701' })).thenRefused(403, 'OUT_OF_SCOPE');
});

it('a manager of two branches of two libraries sees both, alone and together, and no third', async () => {
  for (const branch of ['NORTH', 'NORTH', 'EAST', 'SOUTH']) await app.when(loanAt(branch)).then(201);
  await app.settled();
  const scopes = ['branch:NORTH', 'branch:EAST'];
  const manager = as((await keyFor('Two branches', [{ role: 'branch-manager', scopes }])).key);

  await manager(loansOf('branch:NORTH')).then(200, value(2));
  await manager(loansOf('branch:EAST')).then(200, value(1));
  await manager(loansOf(scopes.join(','))).then(200, value(3));
  await manager({ url: '/v1/costs', body: { ...cost, branch: 'EAST' } }).then(201);
  for (const scope of ['branch:SOUTH', 'library:CITY', `branch:NORTH,branch:SOUTH`])
    await manager(loansOf(scope)).thenRefused(403, 'OUT_OF_SCOPE');
  await manager({ url: '/v1/costs', body: { ...cost, branch: 'SOUTH' } }).thenRefused(403, 'OUT_OF_SCOPE');
});

it('a self-check machine of a vendor sends its own loans, and can do nothing else', async () => {
  const source = '/selfcheck/north';
  const grant: Grant = {
    ...{ role: 'integrator', scopes: ['branch:NORTH'] },
    ...{ only: ['interactions.import'], sources: [source] },
  };
  const machine = as((await keyFor('Self-check', [grant])).key);
  const own = loanAt('NORTH', {}, source).body;

  await machine(batchOf(own, loanAt('NORTH').body, loanAt('EAST', {}, source).body)).then(200, [
    { outcome: 'recorded' },
    { outcome: 'refused', code: 'OUT_OF_SCOPE' },
    { outcome: 'refused', code: 'OUT_OF_SCOPE' },
  ]);
  await machine(batchOf(own)).then(200, [{ outcome: 'already-recorded' }]);
  await machine({ url: '/v1/patrons?card=1001' }).thenRefused(403, 'FORBIDDEN');
  await machine(loanAt('NORTH', {}, source)).thenRefused(403, 'FORBIDDEN');
  await machine({ url: '/v1/metrics/loans' }).thenRefused(403, 'FORBIDDEN');
});

it('an analyst of the state library reads every figure, and no reader', async () => {
  await app.when({ url: '/v1/patrons', body: ada }).then(201);
  const { body: loan } = await app.when(loanAt('EAST', { card: '1001' })).then(201);
  await app.settled();
  const analyst = as((await keyFor('State library', [{ role: 'analyst', scopes: ['consortium'] }])).key);

  for (const scope of ['consortium', 'library:TOWN', 'branch:EAST'])
    await analyst(loansOf(scope)).then(200, value(1));
  const requests = [{ metric: 'loans', scope: 'library:CITY' }, { metric: 'loans' }];
  await analyst({ url: '/v1/metrics/query', body: { requests } }).then(200);
  await analyst({ url: '/v1/costs' }).then(200);
  for (const url of ['/v1/patrons?card=1001', `/v1/interactions/${loan.id}`, '/v1/testimonials'])
    await analyst({ url }).thenRefused(403, 'FORBIDDEN');
  await analyst({ url: '/v1/costs', body: cost }).thenRefused(403, 'FORBIDDEN');
});

it('a reader asks what is kept of them, and the privacy officer answers, and says who looked', async () => {
  const { body: reader } = await app.when({ url: '/v1/patrons', body: ada }).then(201);
  const front = await keyFor('Desk of North', [{ role: 'front-desk', scopes: ['branch:NORTH'] }]);
  const officer = as((await keyFor('Officer', [{ role: 'privacy-officer', scopes: ['consortium'] }])).key);
  await as(front.key)({ url: '/v1/patrons?card=1001' }).then(200, { items: [{ id: reader.id }] });

  await officer({ url: `/v1/patrons/${reader.id}` }).then(200, { cards: ['1001'], email: ada.email });
  await app.settled();
  const looked = await officer({ url: `/v1/patrons/${reader.id}/accesses?context=patron-profile` }).then(200);
  const desk = {
    by: front.id,
    role: 'front-desk',
    scopes: ['branch:NORTH'],
    how: 'card',
    purpose: 'service',
  };
  expect(looked.body.items).toHaveLength(2);
  expect(looked.body.items).toContainEqual(expect.objectContaining(desk));
  // Records of access name the desk by the id of its key.
  await officer({ url: `/v1/principals/${front.id}` }).then(200, { kind: 'key', name: 'Desk of North' });
  await as(front.key)({ url: `/v1/principals/${front.id}` }).thenRefused(403, 'FORBIDDEN');
});

it('a key is found on a public page, and is useless as soon as it is rotated', async () => {
  const grants: readonly Grant[] = [{ role: 'integrator', scopes: ['library:CITY'] }];
  const { id, key: leaked } = await keyFor('Library system', grants);
  await as(leaked)(loanAt('NORTH')).then(201);

  const rotate = { url: `/v1/api-keys/${id}/rotate`, body: { overlapHours: 0 } };
  const { body: rotated } = await app.when(rotate).then(200);
  await as(leaked)(loanAt('NORTH')).thenRefused(401, 'UNAUTHENTICATED');
  await as(rotated.key)(loanAt('NORTH')).then(201);
  const did = await app.when({ url: `/v1/audit/acts?context=interaction-log&actor=${id}` }).then(200);
  const kinds = did.body.items.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toEqual(['InteractionRecorded', 'InteractionRecorded']);
  // The key is the same, with its name and its grants; only its secret is another.
  await app.when({ url: `/v1/api-keys/${id}` }).then(200, { name: 'Library system', grants });
});

it('two libraries merge: the branches move, their figures with them, and the old keys reach them no more', async () => {
  await app.when(loanAt('EAST')).then(201);
  const manager = (library: string): Grant => ({ role: 'branch-manager', scopes: [`library:${library}`] });
  const town = await keyFor('Town', [manager('TOWN')]);
  const city = await keyFor('City', [manager('CITY')]);
  await app.settled();
  await as(town.key)(loansOf('branch:EAST')).then(200, value(1));
  await as(city.key)(loansOf('branch:EAST')).thenRefused(403, 'OUT_OF_SCOPE');

  const move = { method: 'PATCH', body: { library: 'CITY' }, headers: { 'if-match': '"v1"' } };
  await app.when({ url: '/v1/branches/EAST', ...move }).then(200, {
    grants: { gained: [{ id: city.id, name: 'City' }], lost: [{ id: town.id, name: 'Town' }] },
  });
  await app.settled();
  await app.when({ url: '/v1/branches?library=TOWN' }).then(200, { items: [] });
  await as(town.key)(loansOf('branch:EAST')).thenRefused(403, 'OUT_OF_SCOPE');
  await as(town.key)(loanAt('EAST')).thenRefused(403, 'OUT_OF_SCOPE');
  await as(city.key)(loansOf('library:CITY')).then(200, value(1));
  await as(city.key)(loanAt('EAST')).then(201);
});

it('a stranger opens the sample installation, and is shown a page without readers and without keys', async () => {
  const { key } = await keyFor('Manager', [{ role: 'branch-manager', scopes: ['consortium'] }]);
  const card = 'LIB-7745-90210';
  await app.when({ url: '/v1/patrons', body: { ...ada, cards: [card] } }).then(201);
  const secrets = new RegExp(`${app.key}|${key}|rk_[A-Za-z0-9]{8}_|${ada.email}|${card}`);

  expect(await app.unguardedRoutes()).toEqual([]);
  for (const route of app.publicRoutes) {
    const [method, path] = route.split(' ') as [string, string];
    const { text } = await app.http({ method, url: path.replaceAll(/:\w+/g, 'x'), key: null });
    expect([route, secrets.test(text)]).toEqual([route, false]);
  }
  await app.when({ url: '/v1/sign-in', key: null }).then(200, { methods: ['key'] });
  const { text } = await app
    .when({ url: `/v1/patrons?card=${card}`, key: null })
    .thenRefused(401, 'UNAUTHENTICATED');
  expect(text).not.toMatch(secrets);
});

it('a volunteer counts visits at one branch until their last day, and opens no record', async () => {
  const grant: Grant = { role: 'front-desk', scopes: ['branch:SOUTH'], only: ['interactions.write'] };
  const { key } = await keyFor('Summer help', [grant], { expiresOn: '2024-07-31' });
  const volunteer = as(key);
  const visit = (branch: string) => loanAt(branch, { kind: 'visit' });

  await volunteer(visit('SOUTH')).then(201);
  await volunteer(visit('NORTH')).thenRefused(403, 'OUT_OF_SCOPE');
  for (const url of ['/v1/patrons?card=1001', '/v1/metrics/visits', '/v1/testimonials'])
    await volunteer({ url }).thenRefused(403, 'FORBIDDEN');
  now = new Date('2024-08-01T00:00:00.000Z');
  await volunteer(visit('SOUTH')).thenRefused(401, 'UNAUTHENTICATED');
});

it('a new replica that starts while Kafka is down knows the keys: see kafka-away.cluster.spec.ts', () => {
  const spec = join(import.meta.dirname, '../../../tools/scenario/kafka-away.cluster.spec.ts');
  const text = readFileSync(spec, 'utf8');
  expect(text).toContain("it('services that start while Kafka is away serve reads, refuse writes");
  expect(text).toContain("it('while Kafka is away every service takes a key that was just issued");
});

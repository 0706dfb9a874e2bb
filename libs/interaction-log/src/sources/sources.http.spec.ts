import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { InteractionLogModule } from '../interaction-log.module.js';

let adapters: Adapters;
let app: TestApp;

/** Publishes directory facts as the patron profile would. */
async function published(stream: string, told: object): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const meta = { commandId: randomUUID(), at: '2024-06-01T12:00:00.000Z', actor: 'test' };
  await store.append(stream, 0, [{ type: 'Told', data: { key: stream, fact: told } }], meta);
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

const put = (body: object) => app.when({ method: 'PUT', url: '/v1/sources', body });
const revoke = (source: string) => app.when({ url: '/v1/sources/revoke', body: { source } });
const listed = async (after = '') => (await app.when({ url: `/v1/sources?after=${after}` }).then(200)).body;
const north = { source: 'urn:ils:north', branches: ['NORTH'] };

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters);
  await published('library-CITY', fact('LibraryAdded', { id: 'CITY', name: 'City' }));
  for (const id of ['NORTH', 'SOUTH']) {
    const data = { id, name: id, library: 'CITY', timeZone: 'Europe/Berlin' };
    await published(`branch-${id}`, fact('BranchAdded', data));
  }
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

it('a source may speak for what was said last; the same again changes nothing', async () => {
  const grant = (scope: string) => ({
    ...{ role: 'integrator', scopes: [scope], only: ['interactions.import'], sources: [north.source] },
  });
  const grants = [grant('branch:NORTH')];
  const first = await put(north).then(200, { ...north, status: 'allowed', libraries: [], grants });
  expect(first.headers.get('etag')).toBe('"v1"');
  expect((await put(north).then(200)).headers.get('etag')).toBe('"v1"');
  const library = { source: north.source, libraries: ['CITY'] };
  const { headers } = await put(library).then(200, { ...library, branches: [] });
  expect(headers.get('etag')).toBe('"v2"');
  expect(await listed(headers.get('readership-position')!)).toEqual({
    items: [{ ...library, branches: [], allowedAt: expect.any(String), grants: [grant('library:CITY')] }],
    nextCursor: null,
  });
});

it('is not listed once it was revoked, and may be allowed again', async () => {
  const { headers } = await revoke(north.source).then(200, { status: 'revoked', grants: [] });
  expect((await listed(headers.get('readership-position')!)).items).toEqual([]);
  await revoke(north.source).then(200, { status: 'revoked' });
  await revoke('urn:nobody').thenRefused(404, 'UNKNOWN_SOURCE');
  await put(north).then(200, { status: 'allowed' });
});

it('sources are listed by name, in pages', async () => {
  for (const name of ['b', 'a', 'c']) {
    await put({ ...north, source: `list:${name}` }).then(200);
  }
  await app.settled();
  const names: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await app.when({ url: `/v1/sources?limit=2${cursor && `&cursor=${cursor}`}` }).then(200);
    names.push(...body.items.map(({ source }: { source: string }) => source));
    cursor = body.nextCursor;
  }
  expect(names).toEqual(['list:a', 'list:b', 'list:c', 'urn:ils:north']);
});

it.each<[number, string, object]>([
  [422, 'NOTHING_ALLOWED', { source: 'x' }],
  [422, 'NOTHING_ALLOWED', { source: 'x', branches: [], libraries: [] }],
  [422, 'UNKNOWN_BRANCH', { source: 'x', branches: ['NORTH', 'NOWHERE'] }],
  [422, 'UNKNOWN_LIBRARY', { source: 'x', libraries: ['NOWHERE'] }],
  [422, 'INVALID', { source: '', branches: ['NORTH'] }],
  [422, 'INVALID', { source: 'Ada Lovelace', branches: ['NORTH'] }],
  [422, 'INVALID', { source: 'x', branches: 'NORTH' }],
  [422, 'NOTHING_ALLOWED', { source: 'x', branches: null, libraries: '' }],
  [422, 'INVALID', { source: 'x', branches: [['NORTH']] }],
  [422, 'INVALID', { source: 'x', branches: ['NORTH'], colour: 'red' }],
])('%i %s: %j', (status, code, body) => put(body).thenRefused(status, code));

it('a change that somebody else made first is not overwritten unseen', async () => {
  const { headers } = await put({ ...north, source: 'urn:match' }).then(200);
  const change = { source: 'urn:match', branches: ['SOUTH'] };
  const ifMatch = (version: string) =>
    app.when({ method: 'PUT', url: '/v1/sources', body: change, headers: { 'if-match': version } });
  await ifMatch('"v7"').thenRefused(412, 'VERSION_MISMATCH');
  await ifMatch(headers.get('etag')!).then(200, change);
});

it('is found by a part of its name', async () => {
  for (const source of ['urn:ils:east-annexe', 'urn:ils:west-annexe']) {
    await put({ source, branches: ['NORTH'] }).then(200);
  }
  await app.settled();
  const found = async (query: string) => (await app.when({ url: `/v1/sources?${query}` }).then(200)).body;
  expect((await found('q=ANNEXE%20west')).items).toMatchObject([{ source: 'urn:ils:west-annexe' }]);
  const { items, nextCursor } = await found('q=annexe&limit=1');
  expect(items).toMatchObject([{ source: 'urn:ils:east-annexe' }]);
  expect(await found(`q=annexe&limit=1&cursor=${nextCursor}`)).toMatchObject({
    items: [{ source: 'urn:ils:west-annexe' }],
    nextCursor: null,
  });
});

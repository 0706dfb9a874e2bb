import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import { Unavailable, type AccessStore, type Adapters } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { PatronProfileModule } from '../patron-profile.module.js';

let adapters: Adapters;
let app: TestApp;
let access: Partial<AccessStore>;

beforeEach(async () => {
  access = {};
  const embedded = memoryAdapters({ partitions: 2 });
  const list: AccessStore['list'] = (page) =>
    (access.list ?? embedded.access.list.bind(embedded.access))(page);
  adapters = around(embedded, { access: around(embedded.access, { list }) });
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters);
  for (const id of ['CITY', 'TOWN'])
    await app.when({ url: '/v1/libraries', body: { id, name: id } }).then(201);
  for (const [id, library] of Object.entries({ NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' })) {
    const body = { id, name: id, library, timeZone: 'UTC' };
    await app.when({ url: '/v1/branches', body }).then(201);
  }
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const issue = async (name: string, ...grants: readonly Grant[]): Promise<string> =>
  (await app.when({ url: '/v1/api-keys', body: { name, grants } }).then(201)).body.id as string;
const change = (
  body: object,
  more: { readonly key?: string; readonly headers?: object } = {},
  version = 1,
) => ({
  method: 'PATCH',
  url: '/v1/branches/NORTH',
  body,
  ...more,
  headers: { 'if-match': `"v${version}"`, ...more.headers },
});
const manager = (...scopes: readonly string[]): Grant => ({ role: 'branch-manager', scopes });

describe('a transfer of a branch', () => {
  it('answers which grants reach it now, and which reach it no more', async () => {
    const city = await issue('City', manager('library:CITY'), {
      role: 'front-desk',
      scopes: ['branch:SOUTH'],
    });
    const town = await issue('Town', manager('branch:EAST', 'library:TOWN'));
    await issue('Both', manager('library:CITY', 'library:TOWN'));
    await issue('Branch', manager('library:CITY', 'branch:NORTH'));
    await issue('All', manager('consortium'));
    await issue('South', manager('branch:SOUTH'));
    const gone = await issue('Gone', manager('library:CITY'));
    await app.when({ method: 'DELETE', url: `/v1/api-keys/${gone}` }).then(200);

    await app.when(change({ library: 'TOWN', name: 'North End' })).then(200, (body) =>
      expect(body).toEqual({
        ...{ id: 'NORTH', name: 'North End', library: 'TOWN', timeZone: 'UTC' },
        grants: {
          gained: [{ id: town, name: 'Town', grant: manager('branch:EAST', 'library:TOWN') }],
          lost: [{ id: city, name: 'City', grant: manager('library:CITY') }],
        },
      }),
    );
  });

  it('names keys only to whoever may manage keys, and nothing for another change', async () => {
    await issue('City', manager('library:CITY'));
    const key = await issuedKey(app, adapters, [
      { role: 'admin', scopes: ['consortium'], only: ['directory.write'] },
    ]);
    const { body } = await app.when(change({ library: 'TOWN' }, { key })).then(200);
    expect(body).not.toHaveProperty('grants');
    const { body: named } = await app.when(change({ name: 'N', library: 'TOWN' }, {}, 2)).then(200);
    expect(named).not.toHaveProperty('grants');
  });

  it('does not take place while the keys cannot be read', async () => {
    access.list = () => Promise.reject(new Unavailable('STORE_UNAVAILABLE', 'test'));
    await app.when(change({ library: 'TOWN' })).then(503);
    await app.when({ url: '/v1/branches/NORTH' }).then(200, { library: 'CITY' });
  });

  it('names every key of many', async () => {
    for (let n = 0; n < 401; n++) await issuedKey(app, adapters, [manager('library:CITY')]);
    const { body } = await app.when(change({ library: 'TOWN' })).then(200);
    const ids = body.grants.lost.map(({ id }: { id: string }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([401, 401]);
  });
});

import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import { TestIssuer } from '@readership/host/testing/issuer';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';

let issuer: TestIssuer;
let adapters: Adapters;
let app: TestApp;
let log = '';
beforeAll(async () => {
  issuer = await TestIssuer.start();
  adapters = memoryAdapters();
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters, {
    logTo: { write: (line) => void (log += line) },
    oidc: issuer.settings({
      READERSHIP_OIDC_ROLES: JSON.stringify({ desk: { role: 'front-desk', scopes: ['consortium'] } }),
    })!,
  });
});
afterAll(async () => {
  await app.close();
  await adapters.close();
  await issuer.close();
});

const principal = (id: string, key?: string) =>
  app.when({ url: `/v1/principals/${id}`, ...(key === undefined ? {} : { key }) });
const officer = () => issuedKey(app, adapters, [{ role: 'privacy-officer', scopes: ['consortium'] }]);

it('a person is named as their last token names them, and nowhere else', async () => {
  const ana = { sub: 'ana', groups: ['desk'], name: 'Ana Núñez' };
  const { body } = await app.when({ url: '/v1/me', key: await issuer.token(ana) }).then(200);
  const key = await officer();
  const named = async (name: string | null) =>
    eventually(async () => {
      const answer = await app.http({ url: `/v1/principals/${body.id}`, key });
      return answer.status === 200 && answer.body.name === name ? answer.body : null;
    });
  expect(await named(ana.name)).toEqual({ id: body.id, kind: 'person', name: ana.name });
  const married = await issuer.token({ ...ana, name: 'Ana Gómez' });
  expect((await app.when({ url: '/v1/me', key: married }).then(200)).text).not.toContain('Gómez');
  expect(await named('Ana Gómez')).toMatchObject({ id: body.id });
  await app.when({ url: '/v1/me', key: await issuer.token({ ...ana, name: undefined }) }).then(200);
  expect(await named('Ana Gómez')).not.toBeNull();
  const stored = JSON.stringify(await adapters.access.list({ limit: 100 }));
  for (const text of [stored, log]) expect(text).not.toMatch(/Ana|Núñez|Gómez/);
});

it('whoever has no role here is not kept', async () => {
  const people = async () =>
    (await adapters.access.list({ limit: 100 })).filter(({ id }) => id.startsWith('person.'));
  const before = await people();
  const key = await issuer.token({ sub: 'eve', groups: ['choir'], name: 'Eve' });
  await app.when({ url: '/v1/me', key }).thenRefused(403, 'NO_ROLE');
  expect(await people()).toEqual(before);
});

it('a key has its name, the key of the administrator none', async () => {
  const asked = { name: 'Desk of North', role: 'front-desk', scopes: ['consortium'] };
  const { body } = await app.when({ url: '/v1/api-keys', body: asked }).then(201);
  await principal(body.id, await officer()).then(200, { id: body.id, kind: 'key', name: asked.name });
  await principal('admin').then(200, { id: 'admin', kind: 'key', name: null });
});

it('a name is told only to whoever has patrons.privacy', async () => {
  for (const role of ['branch-manager', 'front-desk', 'analyst', 'monitor'] as const)
    await principal('admin', await issuedKey(app, adapters, [{ role, scopes: ['consortium'] }])).thenRefused(
      403,
      'FORBIDDEN',
    );
});

it('nobody is told of somebody who never came', async () => {
  for (const id of ['p_nobody', 'x', 'person.p_nobody', '%C3%A4'])
    await principal(id).thenRefused(404, 'PRINCIPAL_UNKNOWN');
});

import { memoryAdapters } from '@readership/embedded';
import { request } from 'node:http';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';

const start = new Date('2024-03-31T10:00:00.000Z');
let now = start;
let adapters: Adapters;
let app: TestApp;

beforeEach(async () => {
  now = start;
  adapters = memoryAdapters();
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters, { now: () => now });
  const put = { method: 'PUT', url: '/v1/consortium', body: { name: 'Lakeside', timeZone: 'Europe/Vienna' } };
  await app.when(put).then(200);
  for (const id of ['CITY', 'TOWN'])
    await app.when({ url: '/v1/libraries', body: { id, name: id } }).then(201);
  const branches = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' };
  for (const [id, library] of Object.entries(branches)) {
    const body = { id, name: id, library, timeZone: 'Europe/Vienna' };
    await app.when({ url: '/v1/branches', body }).then(201);
  }
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const url = '/v1/api-keys';
const desk = { name: 'Desk of Ana Núñez', role: 'front-desk', scopes: ['branch:NORTH'] };

async function issued(body: object = desk, key?: string): Promise<{ id: string; key: string }> {
  const { body: answer } = await app.when({ url, body, ...(key === undefined ? {} : { key }) }).then(201);
  return answer as { id: string; key: string };
}

const me = (key: string) => app.when({ url: '/v1/me', key });

/** The types of the events that a key's acts left. */
async function actsOn(id: string): Promise<readonly string[]> {
  const store = adapters.eventStore('patron-profile', () => ({ key: 'none', fact: null }));
  return (await store.load(`api-key-${id}`)).events.map(({ type, actor }) => `${type} by ${actor}`);
}

describe('an API key', () => {
  it('is issued for one grant, shown once, and says who it is', async () => {
    const { id, key } = await issued();
    expect(key).toMatch(new RegExp(`^rk_${id}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}$`));
    const grants = [{ role: 'front-desk', scopes: ['branch:NORTH'] }];
    await me(key).then(200, { id, kind: 'key', grants });
    const { body, text } = await app.when({ url: `${url}/${id}` }).then(200);
    expect(body).toEqual({
      id,
      name: desk.name,
      grants,
      issuedAt: start.toISOString(),
      lastUsedOn: '2024-03-31',
    });
    expect(text).not.toContain(key.slice(12, 40));
    expect(await actsOn(id)).toEqual(['ApiKeyIssued by admin']);
  });

  it('is issued for several grants', async () => {
    const grants = [
      { role: 'branch-manager', scopes: ['branch:NORTH', 'branch:EAST'] },
      { role: 'analyst', scopes: ['library:CITY'], only: ['figures.read'] },
      { role: 'integrator', scopes: ['consortium'], sources: ['/selfcheck/north'] },
    ];
    const { key } = await issued({ name: 'Several', grants });
    const { body } = await me(key).then(200, { grants });
    const { permissions } = body as { permissions: { permission: string; scopes: string[] }[] };
    expect(permissions.find(({ permission }) => permission === 'figures.read')?.scopes).toEqual([
      'branch:EAST',
      'branch:NORTH',
      'library:CITY',
    ]);
    expect(permissions.find(({ permission }) => permission === 'costs.write')?.scopes).toEqual([
      'consortium',
    ]);
    expect(permissions.some(({ permission }) => permission === 'keys.manage')).toBe(false);
  });

  it('does what its role allows, and is told which permission it lacks', async () => {
    const { key } = await issued();
    await app.when({ url: '/v1/branches', key }).then(200);
    const { body } = await app
      .when({ url: '/v1/branches', key, body: { id: 'X', name: 'X', library: 'CITY', timeZone: 'UTC' } })
      .thenRefused(403, 'FORBIDDEN');
    expect((body as { detail: string }).detail).toContain('directory.write');
    await app.when({ url, key }).thenRefused(403, 'FORBIDDEN');
  });

  it('is revoked at once, and once', async () => {
    const { id, key } = await issued();
    await app.when({ method: 'DELETE', url: `${url}/${id}` }).then(200, { revokedAt: start.toISOString() });
    await me(key).thenRefused(401, 'UNAUTHENTICATED');
    now = new Date(start.getTime() + 60_000);
    await app.when({ method: 'DELETE', url: `${url}/${id}` }).then(200, { revokedAt: start.toISOString() });
    expect(await actsOn(id)).toEqual(['ApiKeyIssued by admin', 'ApiKeyRevoked by admin']);
    await app.when({ url: `${url}/${id}/rotate`, body: {} }).thenRefused(409, 'KEY_ENDED');
  });

  it('is rotated, and the secret before is accepted until the overlap is over', async () => {
    const { id, key } = await issued();
    await me(key).then(200);
    const overlapUntil = '2024-03-31T12:00:00.000Z';
    const { body } = await app
      .when({ url: `${url}/${id}/rotate`, body: { overlapHours: 2 } })
      .then(200, { id, overlapUntil });
    const second = (body as { key: string }).key;
    for (const one of [key, second]) await me(one).then(200, { id });
    now = new Date(overlapUntil);
    await me(key).thenRefused(401, 'UNAUTHENTICATED');
    await me(second).then(200, { id });
    expect(await actsOn(id)).toEqual(['ApiKeyIssued by admin', 'ApiKeyRotated by admin']);
  });

  it('that has leaked is rotated without an overlap', async () => {
    const { id, key } = await issued();
    await app.when({ url: `${url}/${id}/rotate`, body: { overlapHours: 0 } }).then(200);
    await me(key).thenRefused(401, 'UNAUTHENTICATED');
  });

  it('is accepted to the end of its last day in the time zone of the consortium', async () => {
    const { key } = await issued({ ...desk, expiresOn: '2024-03-31' });
    now = new Date('2024-03-31T21:59:59.999Z');
    await me(key).then(200);
    now = new Date('2024-03-31T22:00:00.000Z');
    await me(key).thenRefused(401, 'UNAUTHENTICATED');
  });

  it('is listed by pages, with the last day of its use', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await issued({ ...desk, name: `Desk ${n}` })).id);
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '?limit=2' : `?limit=2&cursor=${cursor}`;
      const { body } = await app.when({ url: `${url}${query}` }).then(200);
      const page = body as { items: { id: string }[]; nextCursor: string | null };
      expect(page.items.length).toBeLessThanOrEqual(2);
      found.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(found).toEqual(ids.sort());
  });

  it('is found by name or id, page by page', async () => {
    const tablets = [
      await issued({ ...desk, name: 'Tablet Büro 1' }),
      await issued({ ...desk, name: 'BURO tablet 2' }),
    ];
    const other = await issued({ ...desk, name: 'Desk' });
    const find = async (query: string) => (await app.when({ url: `${url}?${query}` }).then(200)).body;
    const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);
    const ids = tablets.map(({ id }) => id).sort();
    expect(idsOf(await find('q=tablet%20b%C3%BCro'))).toEqual(ids);
    expect(idsOf(await find(`q=${other.id}`))).toEqual([other.id]);
    expect(await find('q=nobody')).toEqual({ items: [], nextCursor: null });
    const first = await find('q=tablet&limit=1');
    const rest = await find(`q=tablet&limit=1&cursor=${first.nextCursor}`);
    expect([...idsOf(first), ...idsOf(rest), rest.nextCursor]).toEqual([...ids, null]);
    await app.when({ url: `${url}?q=desk&cursor=${first.nextCursor}` }).thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: `${url}?cursor=${first.nextCursor}` }).thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: `${url}?q=` }).thenRefused(422, 'BAD_QUERY');
  });

  it.each([
    ['a branch that does not exist', { scopes: ['branch:NOWHERE'] }, 'UNKNOWN_BRANCH', '/scopes/0'],
    ['a library that does not exist', { scopes: ['library:NONE'] }, 'UNKNOWN_LIBRARY', '/scopes/0'],
    ['an end that is over', { expiresOn: '2024-03-30' }, 'EXPIRED', '/expiresOn'],
    ['no role', { role: undefined }, 'GRANTS_REQUIRED', '/grants'],
    ['both forms', { grants: [{ role: 'analyst', scopes: ['consortium'] }] }, 'GRANTS_REQUIRED', '/grants'],
    [
      'a permission that the role does not have',
      {
        role: undefined,
        scopes: undefined,
        grants: [{ role: 'analyst', scopes: ['consortium'], only: ['keys.manage'] }],
      },
      'NOT_OF_ROLE',
      '/grants/0/only/0',
    ],
    [
      'sources of somebody who sends nothing',
      {
        role: undefined,
        scopes: undefined,
        grants: [{ role: 'front-desk', scopes: ['consortium'], sources: ['/a'] }],
      },
      'SOURCES_OF_INTEGRATORS',
      '/grants/0/sources',
    ],
    ['a blank last day', { expiresOn: '' }, 'INVALID', '/expiresOn'],
    [
      'blank limits',
      {
        role: undefined,
        scopes: undefined,
        grants: [{ role: 'analyst', scopes: ['consortium'], only: null }],
      },
      'INVALID',
      '/grants/0/only',
    ],
    ['a scope that is none', { scopes: ['everywhere'] }, 'INVALID', '/scopes'],
    ['a role that is none', { role: 'root' }, 'INVALID', '/role'],
  ])('is not issued with %s', async (_, change, code, pointer) => {
    const before = (await app.when({ url }).then(200)).text;
    const { body } = await app.when({ url, body: { ...desk, ...change } }).thenRefused(422, code);
    expect((body as { errors: { pointer: string }[] }).errors[0]!.pointer).toBe(pointer);
    expect((await app.when({ url }).then(200)).text).toBe(before);
  });

  it('cannot give away more than its own scopes', async () => {
    const { key } = await issued({ name: 'Deputy', role: 'admin', scopes: ['library:CITY'] });
    await issued({ ...desk, scopes: ['library:CITY', 'branch:SOUTH'] }, key);
    const other = await issued({ ...desk, scopes: ['branch:EAST'] });
    for (const scopes of [['consortium'], ['library:TOWN'], ['branch:NORTH', 'branch:EAST']]) {
      await app.when({ url, key, body: { ...desk, scopes } }).thenRefused(403, 'OUT_OF_SCOPE');
    }
    await app.when({ method: 'DELETE', url: `${url}/${other.id}`, key }).thenRefused(403, 'OUT_OF_SCOPE');
    await app.when({ url: `${url}/${other.id}/rotate`, key, body: {} }).thenRefused(403, 'OUT_OF_SCOPE');
    await me(other.key).then(200);
  });

  it('is not found under an id that nobody has', async () => {
    await app.when({ url: `${url}/nobody00` }).thenRefused(404, 'KEY_UNKNOWN');
    await app.when({ method: 'DELETE', url: `${url}/nobody00` }).thenRefused(404, 'KEY_UNKNOWN');
    await app.when({ url: `${url}/nobody00/rotate`, body: {} }).thenRefused(404, 'KEY_UNKNOWN');
  });

  it('stands in no published fact', async () => {
    await issued();
    await app.settled();
    const { body } = await app.when({ url: '/v1/audit/log?context=patron-profile' }).then(200);
    expect(body).toMatchObject({ partitions: [{ recorded: 7, published: 6, privateOnly: 1 }] });
  });
});

describe('whoever manages keys', () => {
  const deputy = {
    name: 'Deputy',
    grants: [{ role: 'admin', scopes: ['consortium'], only: ['keys.manage'] }],
  };

  it('gives away no permission that they do not have, and changes no key that has one', async () => {
    const { key } = await issued(deputy);
    for (const body of [
      desk,
      { ...desk, role: 'admin', scopes: ['consortium'] },
      { ...desk, role: 'monitor' },
    ]) {
      const { body: problem } = await app.when({ url, key, body }).thenRefused(403, 'BEYOND_ISSUER');
      expect((problem as { detail: string }).detail).toMatch(/permits [a-z]+\.[a-z]+, which your own/);
    }
    const { id } = await issued(desk);
    await app.when({ method: 'DELETE', url: `${url}/${id}`, key }).thenRefused(403, 'BEYOND_ISSUER');
    await app.when({ url: `${url}/${id}/rotate`, key, body: {} }).thenRefused(403, 'BEYOND_ISSUER');
    await issued(deputy, key);
  });

  it('does so no more once their own key is revoked, also when they had begun to ask', async () => {
    const { id, key } = await issued({ name: 'Leaked', role: 'admin', scopes: ['consortium'] });
    const body = JSON.stringify(desk);
    const { port } = new URL(app.url);
    const headers = {
      ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      'content-length': body.length,
    };
    const sending = request({ port, method: 'POST', path: url, headers });
    const answered = new Promise<number>((resolve) =>
      sending.on('response', (answer) => resolve(answer.resume().statusCode!)),
    );
    sending.write(body.slice(0, 5));
    // The head of the request has been judged once a later request is answered.
    await me(key).then(200);
    await app.when({ method: 'DELETE', url: `${url}/${id}` }).then(200);
    sending.end(body.slice(5));
    expect(await answered).toBe(401);
    await app.when({ url, key, body: desk }).thenRefused(401, 'UNAUTHENTICATED');
  });

  it('replaces a secret whose overlap runs only by ending it', async () => {
    const { id, key } = await issued();
    const rotate = (overlapHours: number) => app.when({ url: `${url}/${id}/rotate`, body: { overlapHours } });
    await rotate(24).then(200);
    await rotate(1).thenRefused(409, 'ROTATION_UNDER_WAY');
    await me(key).then(200);
    await rotate(0).then(200);
    await me(key).thenRefused(401, 'UNAUTHENTICATED');
    now = new Date(start.getTime() + 1);
    await rotate(24).then(200);
  });

  it('names at most 500 places', async () => {
    const grants = Array.from({ length: 6 }, (_, grant) => ({
      role: 'analyst',
      scopes: Array.from({ length: 100 }, (_, n) => `branch:B${grant * 100 + n}`),
    }));
    await app.when({ url, body: { name: 'Many', grants } }).thenRefused(422, 'TOO_MANY_SCOPES');
  });

  it('issues a key for ever, as long as there are days', async () => {
    const { key } = await issued({ ...desk, expiresOn: '9999-12-31' });
    await me(key).then(200);
  });
});

describe('a credential', () => {
  it('is refused with the same answer when it is unknown, expired, revoked or mistyped', async () => {
    const expired = await issued({ ...desk, expiresOn: '2024-03-31' });
    const revoked = await issued();
    await app.when({ method: 'DELETE', url: `${url}/${revoked.id}` }).then(200);
    const { key } = await issued();
    now = new Date('2024-04-02T00:00:00.000Z');
    const answers: object[] = [];
    for (const one of [expired.key, revoked.key, `${key.slice(0, -1)}x`, key.replace('rk_', 'rk-'), 'rk_']) {
      const { body, headers } = await me(one).thenRefused(401, 'UNAUTHENTICATED');
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
      answers.push({ ...(body as object), traceId: '' });
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('is not taken from the query, and is not told in the answer', async () => {
    const { key } = await issued();
    const { text } = await app
      .when({ url: `/v1/me?key=${key}`, key: null })
      .thenRefused(401, 'UNAUTHENTICATED');
    expect(text).not.toContain(key);
    await app.when({ url: `/v1/me?access_token=${key}`, key }).thenRefused(400, 'UNKNOWN_PARAMETER');
  });

  it('lets somebody know which addresses there are', async () => {
    const { key } = await issued();
    await app.when({ url: '/v1/nothing-here', key: null }).thenRefused(401, 'UNAUTHENTICATED');
    await app.when({ url: '/v1/nothing-here', key: 'wrong' }).thenRefused(401, 'UNAUTHENTICATED');
    await app.when({ url: '/v1/nothing-here', key }).thenRefused(404, 'NOT_FOUND');
  });
});

it('how people sign in is known to everybody', () =>
  app.when({ url: '/v1/sign-in', key: null }).then(200, { methods: ['key'] }));

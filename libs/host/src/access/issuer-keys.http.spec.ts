import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { ServerResponse } from 'node:http';
import { TestIssuer } from '../../testing/issuer.fixture.js';
import { eventually } from '../eventually.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const ana = { sub: 'ana', groups: ['desk'] };

let issuer: TestIssuer;
let app: TestApp;
let now: Date;
let log: string;
beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterAll(() => issuer.close());
beforeEach(async () => {
  now = new Date();
  log = '';
  app = await startApp(() => [], memoryAdapters(), {
    now: () => now,
    logTo: { write: (line) => void (log += line) },
    oidc: issuer.settings({
      READERSHIP_OIDC_ROLES: '{"desk": {"role": "front-desk", "scopes": ["library:N"]}}',
    })!,
  });
  issuer.asked.length = 0;
});
afterEach(async () => {
  issuer.away = false;
  issuer.answer = null;
  await app.close();
});

const me = (key: string) => app.when({ url: '/v1/me', key });
const unauthenticated = (key: string) => me(key).thenRefused(401, 'UNAUTHENTICATED');
const later = (ms: number): void => void (now = new Date(now.getTime() + ms));
const seconds = (): number => Math.floor(now.getTime() / 1000);
const keysRead = (): number => issuer.asked.filter((path) => path === '/jwks').length;

describe('the keys of the issuer', () => {
  it('are fetched once for all who come at the same time', async () => {
    const token = await issuer.token(ana);
    await Promise.all(Array.from({ length: 8 }, () => me(token).then(200)));
    await me(token).then(200);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('are fetched by one request at a time, however long it takes', async () => {
    const token = await issuer.token(ana);
    let release = (): void => undefined;
    issuer.held = new Promise((resolve) => (release = resolve));
    const first = app.http({ url: '/v1/me', key: token });
    await eventually(() => Promise.resolve(issuer.asked.length > 0 || null), 10_000);
    later(5_000);
    const second = app.http({ url: '/v1/me', key: token });
    await me(app.key).then(200);
    release();
    for (const { status } of await Promise.all([first, second])) expect(status).toBe(200);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/jwks']);
  });

  it('are fetched again for a token with an unknown key, at most once a minute', async () => {
    const old = await issuer.token(ana);
    await me(old).then(200);
    await issuer.rotate();
    await me(await issuer.token(ana)).then(200);
    expect(keysRead()).toBe(2);
    await unauthenticated(old);
    await unauthenticated(await issuer.signed(ana, {}, issuer.keyOf('ES256'), { kid: 'made up' }));
    await issuer.rotate();
    const newest = await issuer.token(ana);
    later(minuteMs - 1);
    await unauthenticated(newest);
    expect(keysRead()).toBe(2);
    later(1);
    await me(newest).then(200);
    expect(keysRead()).toBe(3);
  });

  it('that the issuer withdrew are not accepted for longer than ten minutes', async () => {
    const old = await issuer.signed(ana, { exp: seconds() + 86_400 });
    await me(old).then(200);
    await issuer.rotate();
    later(10 * minuteMs - 1);
    await me(old).then(200);
    later(1);
    await unauthenticated(old);
  });

  it('are waited for with 503 when there were never any, and asked for again 5 s later', async () => {
    const token = await issuer.token(ana);
    issuer.away = true;
    const { headers } = await me(token).thenRefused(503, 'ISSUER_UNAVAILABLE');
    expect(headers.get('retry-after')).toBe('5');
    expect(log).toContain('the keys of the issuer cannot be fetched');
    issuer.away = false;
    later(4_999);
    await me(token).thenRefused(503, 'ISSUER_UNAVAILABLE');
    expect(issuer.asked).toHaveLength(1);
    await me(app.key).then(200);
    later(1);
    await me(token).then(200);
  });

  it('are accepted for 24 h while the issuer is away, and then no more', async () => {
    const token = await issuer.signed(ana, { exp: seconds() + 2 * 86_400 });
    await me(token).then(200);
    issuer.away = true;
    later(11 * minuteMs);
    await me(token).then(200);
    await me(token).then(200);
    expect(issuer.asked).toHaveLength(3);
    later(dayMs - 11 * minuteMs - 1);
    await me(token).then(200);
    later(1);
    await me(token).thenRefused(503, 'ISSUER_UNAVAILABLE');
    issuer.away = false;
    later(5_000);
    await me(token).then(200);
  });

  it('are not known for a new key while the issuer is away: 503, since the token may be right', async () => {
    await me(await issuer.token(ana)).then(200);
    await issuer.rotate();
    const token = await issuer.token(ana);
    issuer.away = true;
    for (let n = 0; n < 2; n++) await me(token).thenRefused(503, 'ISSUER_UNAVAILABLE');
    expect(issuer.asked).toHaveLength(3);
    issuer.away = false;
    later(minuteMs);
    await me(token).then(200);
  });

  const answer = (response: ServerResponse, body: object) => response.end(JSON.stringify(body));
  it.each<[string, string, (path: string, response: ServerResponse) => void]>([
    [
      'leads elsewhere',
      'HTTP_302',
      (path, response) => response.writeHead(302, { location: `${issuer.url}/other${path}` }).end(),
    ],
    [
      'is another issuer',
      'OTHER_ISSUER',
      (_, response) => answer(response, { issuer: 'https://other.example' }),
    ],
    [
      'names an address that anybody could answer for',
      'BAD_JWKS_URI',
      (_, response) => answer(response, { issuer: issuer.url, jwks_uri: 'http://keys.example/jwks' }),
    ],
    ['is not JSON', 'NO_JSON', (_, response) => response.end('<html>')],
    ['is too large', 'TOO_LARGE', (_, response) => response.end(' '.repeat(256 * 1024 + 1))],
    [
      'holds secrets alone',
      'NO_KEYS',
      (path, response) =>
        answer(response, {
          issuer: issuer.url,
          jwks_uri: `${issuer.url}/jwks`,
          ...(path === '/jwks' ? { keys: [{ kty: 'oct', k: 'AAAA', kid: 'RS256-1' }, null] } : {}),
        }),
    ],
    ['never comes', 'TimeoutError', () => undefined],
  ])('are not taken from an answer that %s', async (_, reason, respond) => {
    const token = await issuer.token(ana);
    issuer.answer = respond;
    await me(token).thenRefused(503, 'ISSUER_UNAVAILABLE');
    expect(log).toContain(`"reason":"${reason}"`);
  });

  it('that cannot be used refuse the tokens that name them, and nothing else', async () => {
    const [token, other] = [await issuer.token(ana), await issuer.token(ana, 'ES256')];
    const { kid } = issuer.keyOf('RS256');
    const { d, ...shown } = issuer.keyOf('ES256');
    expect(d).toBeDefined();
    issuer.answer = (path, response) =>
      answer(response, {
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/jwks`,
        ...(path === '/jwks'
          ? { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', alg: 'RS256', kid }, shown] }
          : {}),
      });
    await unauthenticated(token);
    await me(other).then(200);
  });
});

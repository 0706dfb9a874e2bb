import { Controller, Get, Module, Post } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse } from '@nestjs/swagger';
import { memoryAdapters } from '@readership/embedded';
import { Refusal } from '@readership/kernel';
import { request as httpRequest } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { Needs } from './routes.js';
import { Answer } from './answer.js';
import { BatchPriority } from './batch-priority.js';
import { IfMatch, RequestMeta } from './request.js';
import { eventually } from './eventually.js';
import { issuedKey, startApp, type TestApp } from '../testing/test-app.fixture.js';

/** Requests to `/v1/doors/held` are answered once they are released. */
const held = { arrived: (): void => undefined, released: Promise.resolve() };

@Controller('v1/doors')
@Needs('any credential')
class DoorsController {
  @Get()
  @ApiOkResponse({ description: 'open' })
  open(): object {
    return { open: true };
  }

  @Get('refused/:kind')
  refuse(): never {
    throw new Refusal('BUSY', 'not-yet', 'Try again.');
  }

  @Post()
  @ApiConsumes('application/x-ndjson', 'application/cloudevents-batch+json')
  answer(@RequestMeta() meta: object, @IfMatch() versions: readonly number[] | undefined): Answer<object> {
    return new Answer(
      { meta, versions: versions ?? null },
      {
        status: 200,
        version: 7,
        location: '/v1/doors/1',
        context: 'feedback',
        marks: { 0: { taken: 3, published: 2 } },
      },
    );
  }

  @Post('held')
  @ApiConsumes('application/x-ndjson')
  async hold(): Promise<object> {
    held.arrived();
    await held.released;
    return {};
  }

  @Post('strict')
  strict(@IfMatch({ required: true }) versions: readonly number[]): object {
    return { versions };
  }
}

@Module({ controllers: [DoorsController] })
class DoorsModule {}

const adapters = memoryAdapters();
let app: TestApp;
const now = new Date('2024-03-31T09:15:00Z');

beforeAll(async () => {
  app = await startApp(() => [{ module: DoorsModule }], adapters, { now: () => now });
});
afterAll(() => app.close());

describe('a key', () => {
  it('opens every route', () => app.when({ url: '/v1/doors' }).then(200, { open: true }));

  it.each([null, 'wrong', 'test-admin-key-012345678', 'test-admin-key-0123456789x'])(
    'is missed or wrong: %s',
    async (key) => {
      const { headers } = await app.when({ url: '/v1/doors', key }).thenRefused(401, 'UNAUTHENTICATED');
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
    },
  );

  it.each(['Basic abc', 'Bearer', 'Bearer  ', 'bearer test-admin-key-0123456789 x'])(
    'is not found in "%s"',
    (authorization) =>
      app
        .when({ url: '/v1/doors', key: null, headers: { authorization } })
        .thenRefused(401, 'UNAUTHENTICATED'),
  );

  it('is asked for before the body is read', () =>
    app
      .when({ url: '/v1/doors', key: null, body: '{', headers: { 'content-type': 'application/json' } })
      .thenRefused(401, 'UNAUTHENTICATED'));

  it('is asked for under HEAD as under GET', async () => {
    expect((await app.http({ method: 'HEAD', url: '/v1/doors', key: null })).status).toBe(401);
  });
});

it('only the routes of the list are public, and they answer without a key', async () => {
  expect(app.publicRoutes).toEqual([
    'GET /docs',
    'GET /docs/start.js',
    'GET /docs/swagger-ui-bundle.js',
    'GET /docs/swagger-ui.css',
    'GET /healthz',
    'GET /metrics',
    'GET /openapi.json',
    'GET /readyz',
    'GET /v1/sign-in',
  ]);
  for (const route of app.publicRoutes) {
    const url = route.slice('GET '.length);
    expect([url, (await app.http({ url, key: null })).status]).toEqual([url, 200]);
  }
});

it('every route that is not public asks for a key', async () => {
  expect(await app.unguardedRoutes()).toEqual([]);
});

it('the description names each route, what needs no key, and the shape of a problem', async () => {
  const { body } = await app.when({ url: '/openapi.json', key: null }).then(200, {
    openapi: '3.1.0',
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } }, schemas: { Problem: {} } },
  });
  expect(Object.keys((body as { paths: object }).paths)).toEqual(
    expect.arrayContaining(['/v1/doors', '/v1/audit/log']),
  );
});

it('the pages may load nothing from elsewhere and be framed by nobody', async () => {
  const { headers } = await app.http({ url: '/docs', key: null });
  const policy = headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

it('metrics count requests by route as declared', async () => {
  await app.when({ url: '/v1/doors' }).then(200);
  await app.when({ url: '/v1/doors?secret=1' }).thenRefused(400, 'UNKNOWN_PARAMETER');
  const { text } = await app.http({ url: '/metrics', key: null });
  expect(text).toMatch(
    /readership_http_request_duration_seconds_count\{method="GET",route="\/v1\/doors",status="200"\} \d/,
  );
  expect(text).not.toContain('secret');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});

describe('an answer', () => {
  it('carries status, version, place and position in its headers', async () => {
    const { headers, body } = await app
      .when({ method: 'POST', url: '/v1/doors', headers: { 'if-match': '"v6"' } })
      .then(200, { versions: [6], meta: { at: '2024-03-31T09:15:00.000Z', actor: 'admin' } });
    expect(headers.get('etag')).toBe('"v7"');
    expect(headers.get('location')).toBe('/v1/doors/1');
    expect(JSON.parse(Buffer.from(headers.get('readership-position')!, 'base64url').toString())).toEqual({
      c: 'feedback',
      p: { 0: [3, 2] },
    });
    expect((body as { meta: { commandId: string } }).meta.commandId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('If-Match', () => {
  it.each([
    ['"v6", "v7"', [6, 7]],
    ['W/"v5",\t"v6"', [6]],
    ['"a,b", "v6"', [6]],
  ])('as the list %s matches any of its strong tags', (tags, versions) =>
    app.when({ method: 'POST', url: '/v1/doors', headers: { 'if-match': tags } }).then(200, { versions }),
  );

  it.each(['"6"', 'v6', 'W/"v6"', 'W/"v6", W/"v7"', ''])('as %s can never match', (tag) =>
    app
      .when({ method: 'POST', url: '/v1/doors', headers: { 'if-match': tag } })
      .thenRefused(412, 'VERSION_MISMATCH'),
  );

  it('as * matches whatever is there', () =>
    app
      .when({ method: 'POST', url: '/v1/doors', headers: { 'if-match': '*' } })
      .then(200, { versions: null }));

  it('is demanded where it is required', () =>
    app.when({ method: 'POST', url: '/v1/doors/strict' }).thenRefused(428, 'IF_MATCH_REQUIRED'));
});

it('what cannot be done yet says when to try again', async () => {
  const { headers } = await app.when({ url: '/v1/doors/refused/x' }).thenRefused(503, 'BUSY');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
});

describe('the rate of one key', () => {
  it('is limited, said in headers, and free again a moment later', async () => {
    const slow = await startApp(() => [{ module: DoorsModule }], memoryAdapters(), { ratePerSecond: 3 });
    try {
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => slow.http({ url: '/v1/doors' })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
      const refused = answers.find(({ status }) => status === 429)!;
      expect(refused.body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
      expect(refused.headers.get('ratelimit-policy')).toBe('"default";q=3;w=1');
      const waitS = Number(refused.headers.get('retry-after'));
      expect(waitS).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, waitS * 1000 + 50));
      await slow.when({ url: '/v1/doors' }).then(200);
    } finally {
      await slow.close();
    }
  });
});

it('the rate is that of whom a trusted proxy names, and of the proxy when it is not trusted', async () => {
  const ask = (of: TestApp, forwarded: string) =>
    of.http({ url: '/healthz', key: null, headers: { 'x-forwarded-for': forwarded } });
  for (const [trustedProxies, second] of [
    [['127.0.0.0/8', '::1'], 200],
    [1, 200],
    [[], 429],
    [0, 429],
  ] as const) {
    const behind = await startApp(() => [{ module: DoorsModule }], memoryAdapters(), {
      ratePerSecond: 1,
      trustedProxies,
    });
    try {
      expect((await ask(behind, '203.0.113.1')).status).toBe(200);
      expect((await ask(behind, '203.0.113.2')).status).toBe(second);
    } finally {
      await behind.close();
    }
  }
});

it('a spoofed address counts nothing: of what is forwarded, only the address that the one proxy has set last', async () => {
  const behind = await startApp(() => [{ module: DoorsModule }], memoryAdapters(), {
    ratePerSecond: 1,
    trustedProxies: 1,
  });
  const ask = async (forwarded: string) =>
    (await behind.http({ url: '/healthz', key: null, headers: { 'x-forwarded-for': forwarded } })).status;
  try {
    expect(await ask('203.0.113.1, 10.0.0.1, 198.51.100.4')).toBe(200);
    expect(await ask('203.0.113.2, 127.0.0.1, 198.51.100.4')).toBe(429);
    expect(await ask('198.51.100.4')).toBe(429);
    expect(await ask('198.51.100.4, 198.51.100.5')).toBe(200);
  } finally {
    await behind.close();
  }
});

it('the rate of one key is shared by replicas that are given one limiter', async () => {
  const limiter = new RateLimiterMemory({ points: 3, duration: 1 });
  const replicas = await Promise.all(
    [1, 2].map(() =>
      startApp(() => [{ module: DoorsModule }], memoryAdapters(), { ratePerSecond: 3, limiter }),
    ),
  );
  try {
    const answers = await Promise.all(
      [0, 1, 0, 1, 0].map((replica) => replicas[replica]!.http({ url: '/v1/doors' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
  } finally {
    await Promise.all(replicas.map((replica) => replica.close()));
  }
});

describe('large requests', () => {
  const type = 'application/x-ndjson';
  const headers = { authorization: `Bearer test-admin-key-0123456789`, 'content-type': type };

  it('that arrive slowly keep no other waiting', async () => {
    const slow = Array.from({ length: 8 }, () => {
      const sending = httpRequest(`${app.url}/v1/doors`, { method: 'POST', headers });
      sending.on('error', () => undefined).write('{}\n');
      return sending;
    });
    const large = ' '.repeat(200_000);
    await app
      .when({ method: 'POST', url: '/v1/doors', body: large, headers: { 'content-type': type } })
      .then(200);
    for (const sending of slow) sending.destroy();
  });

  it('of one principal take half of the places at most, so that others are taken', async () => {
    const other = await issuedKey(app, adapters, [{ role: 'analyst', scopes: ['consortium'] }]);
    const body = ' '.repeat(200_000);
    const large = { method: 'POST', url: '/v1/doors/held', body, headers: { 'content-type': type } };
    let release = (): void => undefined;
    held.released = new Promise((resolve) => (release = resolve));
    let arrived = 0;
    const both = new Promise<void>((resolve) => {
      held.arrived = () => void (++arrived === 2 && resolve());
    });
    const first = [1, 2].map(() => app.when(large).then(201));
    await both;
    await app.when(large).thenRefused(503, 'BUSY');
    const others = app.when({ ...large, key: other }).then(201);
    await eventually(async () => arrived === 3 || null);
    expect(arrived).toBe(3);
    release();
    await Promise.all([...first, others]);
    await app.when(large).then(201);
    expect(app.app.get(BatchPriority, { strict: false }).underWay).toBe(0);
  });

  it('are turned away when too many are in progress, and taken again after', async () => {
    const priority = app.app.get(BatchPriority, { strict: false });
    const body = ' '.repeat(200_000);
    const large = { method: 'POST', url: '/v1/doors', body, headers: { 'content-type': type } };
    for (let n = 0; n < 4; n++) priority.enter();
    const { headers: answered } = await app.when(large).thenRefused(503, 'BUSY');
    expect(answered.get('retry-after')).toBe('1');
    await app.when({ url: '/v1/doors' }).then(200);
    for (let n = 0; n < 4; n++) priority.leave();
    await app.when(large).then(200);
    expect(priority.underWay).toBe(0);
  });

  it.each([
    ['application/x-ndjson', '\n'.repeat(10_001)],
    ['application/x-ndjson', '{}\n'.repeat(10_001)],
    ['application/cloudevents-batch+json', `[${'{},'.repeat(10_001)}`],
  ])('of %s with too many lines are refused while they arrive', async (contentType, begun) => {
    const status = await new Promise((resolve, reject) => {
      const sending = httpRequest(`${app.url}/v1/doors`, {
        method: 'POST',
        headers: { ...headers, 'content-type': contentType },
      });
      sending.on('response', (response) => {
        resolve(response.statusCode);
        sending.destroy();
      });
      sending.on('error', reject).write(begun);
    });
    expect(status).toBe(413);
  });
});

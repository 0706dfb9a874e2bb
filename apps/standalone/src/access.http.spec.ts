import { memoryAdapters } from '@readership/embedded';
import { ApiKeys, extentOf, roles, routesOf, type Grant, type Needed, type Route } from '@readership/host';
import { startApp, type TestAnswer, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { modulesOn } from './modules.js';

const at = '2024-07-15T12:00:00.000Z';

/** Somebody, with one key of each kind. */
interface Holder {
  readonly name: string;
  readonly grant: Grant;
  readonly valid: string;
  readonly expired: string;
  readonly revoked: string;
}

interface Case {
  readonly route: Route;
  readonly holder: Holder;
  readonly kind: 'valid' | 'none' | 'garbage' | 'unknown' | 'expired' | 'revoked';
  readonly expected: 'passes' | 'UNAUTHENTICATED' | 'FORBIDDEN';
}

const everyone: readonly { readonly name: string; readonly grant: Grant }[] = [
  ...roles.map((role) => ({ name: role, grant: { role, scopes: ['consortium'] } })),
  {
    name: 'integrator of patrons',
    grant: { role: 'integrator', scopes: ['consortium'], only: ['patrons.import'] },
  },
];

let adapters: Adapters;
let app: TestApp;
let routes: readonly Route[];
let holders: readonly Holder[];

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now: () => new Date(at), trustedProxies: 1 });
  routes = routesOf(app.app);
  const keys = new ApiKeys(adapters.access, app.secrets);
  const issue = (grant: Grant, expiresAt: string | null = null) =>
    keys.issue(
      { name: 'Test', grants: [grant], expiresOn: null, expiresAt },
      { commandId: randomUUID(), at: '2024-01-01T00:00:00.000Z' },
    );
  holders = await Promise.all(
    everyone.map(async ({ name, grant }): Promise<Holder> => {
      const { text: valid } = await issue(grant);
      const { text: expired } = await issue(grant, at);
      const { key, text: revoked } = await issue(grant);
      await keys.change(key.id, (before) => ({ ...before, revokedAt: at }));
      return { name, grant, valid: valid!, expired: expired!, revoked: revoked! };
    }),
  );
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

function cases(): readonly Case[] {
  return routes.flatMap((route) =>
    holders.flatMap((holder) =>
      (['valid', 'none', 'garbage', 'unknown', 'expired', 'revoked'] as const).map((kind) => ({
        route,
        holder,
        kind,
        expected: expectedOf(route.needs, kind, holder.grant),
      })),
    ),
  );
}

/** What the table of permissions says of a scope that is the consortium. */
function expectedOf(needs: Needed, kind: Case['kind'], { role, only }: Grant): Case['expected'] {
  if (needs === 'nothing') return 'passes';
  if (kind !== 'valid') return 'UNAUTHENTICATED';
  if (needs === 'any credential') return 'passes';
  const extent = extentOf(role, needs);
  const isNamed = only?.includes(needs);
  return extent !== '–' && (isNamed ?? extent !== 'n') ? 'passes' : 'FORBIDDEN';
}

function keyOf({ kind, holder }: Case): string | null {
  switch (kind) {
    case 'none':
      return null;
    case 'garbage':
      // One letter of a valid key is another one.
      return holder.valid.slice(0, 20) + (holder.valid[20] === 'x' ? 'y' : 'x') + holder.valid.slice(21);
    case 'unknown':
      return unknown;
    default:
      return holder[kind];
  }
}
/** Its check digits are right. */
const unknown = `rk_Ab3dE9xZ_${'A'.repeat(42)}8_921273ee`;

/** Sends the least that the route can be sent: nothing is there under these names, and no body is complete. */
function send(each: Case, count: number): Promise<TestAnswer> {
  const { method, path, mediaTypes } = each.route;
  const [type] = mediaTypes;
  // Each from an address of its own, since too many wrong credentials of one address are not looked up.
  const address = `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`;
  return app.http({
    method,
    url: path.replaceAll(/:\w+/g, 'x'),
    key: keyOf(each),
    headers: {
      'x-forwarded-for': address,
      // The content of the pages for people is not needed.
      'if-none-match': '*',
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(type === undefined ? {} : { body: '{}' }),
  });
}

function isRight({ route, expected }: Case, { status, body, headers }: TestAnswer): boolean {
  switch (expected) {
    case 'passes':
      return status !== 401 && status !== 403 && status !== 429 && status < 500;
    case 'UNAUTHENTICATED':
      return status === 401 && body.code === expected && headers.has('www-authenticate');
    case 'FORBIDDEN':
      return status === 403 && body.code === expected && body.detail.includes(` ${route.needs}, `);
  }
}

it('every route × every role × every kind of credential is answered as the table of permissions says', async () => {
  const all = cases();
  const wrong: string[] = [];
  const counts = { passes: 0, UNAUTHENTICATED: 0, FORBIDDEN: 0 };
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let at = next++; at < all.length; at = next++) {
        const { route, holder, kind, expected } = all[at]!;
        counts[expected]++;
        const answer = await send(all[at]!, at);
        if (!isRight(all[at]!, answer)) {
          const { method, path } = route;
          wrong.push(
            `${method} ${path}, ${holder.name}, ${kind}: ${expected}, not ${answer.status} ${answer.text.slice(0, 200)}`,
          );
        }
      }
    }),
  );
  expect(wrong).toEqual([]);
  expect(all).toHaveLength(routes.length * everyone.length * 6);
  expect(all.length).toBeGreaterThan(3000);
  // No kind of answer is expected by mistake of every case.
  expect(counts.FORBIDDEN).toBeGreaterThan(150);
  expect(counts.passes).toBeGreaterThan(300);
  expect(counts.UNAUTHENTICATED).toBeGreaterThan(2000);
}, 60_000);

it('an address that sent 60 wrong credentials is told to wait, and disturbs nobody', async () => {
  const me = (key: string, address: string) =>
    app.when({ url: '/v1/me', key, headers: { 'x-forwarded-for': address } });
  const [known, other] = holders as [Holder, Holder];
  await me(known.valid, '192.0.2.1').then(200);
  for (let n = 0; n < 60; n++) await me(unknown, '192.0.2.1').thenRefused(401, 'UNAUTHENTICATED');
  const { headers } = await me(unknown, '192.0.2.1').thenRefused(429, 'TOO_MANY_FAILURES');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  await me('wrong', '192.0.2.1').thenRefused(401, 'UNAUTHENTICATED');
  for (const key of [known.valid, app.key]) await me(key, '192.0.2.1').then(200);
  await me(other.valid, '192.0.2.2').then(200);
  await me(unknown, '192.0.2.2').thenRefused(401, 'UNAUTHENTICATED');
});

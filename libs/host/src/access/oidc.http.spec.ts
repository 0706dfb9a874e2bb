import { Controller, Get, Inject, Module, Param } from '@nestjs/common';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { decodeJwt, exportSPKI, importJWK, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';
import { algorithms, TestIssuer, type Claims } from '../../testing/issuer.fixture.js';
import { Reaches } from '../request.js';
import { Needs } from '../routes.js';
import type { Reach } from './principal.js';
import { BranchLibraries, Scopes } from './scopes.js';

class OneLibrary extends BranchLibraries {
  override librariesOf(branches: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map([...branches].map((id) => [id, id.startsWith('N') ? 'N' : 'S'])));
  }
}

@Controller('v1/shelves')
class ShelvesController {
  constructor(@Inject(Scopes) private readonly scopes: Scopes) {}

  @Get(':branch')
  @Needs('interactions.read')
  async read(@Param('branch') branch: string, @Reaches() reaches: readonly Reach[]): Promise<object> {
    await this.scopes.expect(reaches, `branch:${branch}`);
    return { branch };
  }
}

@Controller('v1/acts')
@Needs('operations.write')
class ActsController {
  @Get()
  read(): object {
    return {};
  }
}

@Module({
  controllers: [ShelvesController, ActsController],
  providers: [Scopes, { provide: BranchLibraries, useClass: OneLibrary }],
})
class ShelvesModule {}

const groups = {
  'lib-desk': { role: 'front-desk', scopes: ['library:N'] },
  '/figures/all': { role: 'analyst', scopes: ['consortium'] },
  'branch-desk': { role: 'front-desk' },
};

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
  app = await started();
  issuer.asked.length = 0;
});
afterEach(() => app.close());

const started = (): Promise<TestApp> =>
  startApp(() => [{ module: ShelvesModule }], memoryAdapters(), {
    now: () => now,
    logTo: { write: (line) => void (log += line) },
    oidc: issuer.settings({
      READERSHIP_OIDC_ROLES: JSON.stringify(groups),
      READERSHIP_OIDC_SCOPES_CLAIM: '/readership/places~1all',
    })!,
  });

const ana = { sub: 'ana.nunez@city.example', groups: ['lib-desk'] };
const me = (key: string, of = app) => of.when({ url: '/v1/me', key });
const unauthenticated = (key: string) => me(key).thenRefused(401, 'UNAUTHENTICATED');
const later = (ms: number): void => void (now = new Date(now.getTime() + ms));
const seconds = (): number => Math.floor(now.getTime() / 1000);

describe('a person with a token of the issuer', () => {
  it('is known by a pseudonym, and by what their group gives', async () => {
    const { body } = await me(await issuer.token(ana)).then(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^p_[\w-]{22}$/),
      kind: 'person',
      grants: [groups['lib-desk']],
    });
    expect(body.permissions).toContainEqual({ permission: 'interactions.read', scopes: ['library:N'] });
    expect(body.permissions.map(({ permission }: any) => permission)).not.toContain('keys.manage');
  });

  it('has the same pseudonym with each token and at each service, and nobody else has it', async () => {
    const idOf = async (token: string, of = app) => (await me(token, of).then(200)).body.id as string;
    const other = await started();
    const id = await idOf(await issuer.token(ana));
    expect(await idOf(await issuer.token({ ...ana, groups: '/figures/all' }), other)).toBe(id);
    expect(await idOf(await issuer.token({ ...ana, sub: 'ana.nunez@town.example' }))).not.toBe(id);
    await other.close();
  });

  it.each(algorithms)('is accepted with a token that is signed by %s', async (algorithm) => {
    await me(await issuer.token(ana, algorithm)).then(200);
  });

  it('may do what the role permits, where the scopes are', async () => {
    const key = await issuer.token(ana);
    await app.when({ url: '/v1/shelves/NORTH', key }).then(200, { branch: 'NORTH' });
    await app.when({ url: '/v1/shelves/SOUTH', key }).thenRefused(403, 'OUT_OF_SCOPE');
    await app.when({ url: '/v1/acts', key }).thenRefused(403, 'FORBIDDEN');
    await app.when({ url: '/v1/nothing-here', key }).thenRefused(404, 'NOT_FOUND');
  });

  it('has a grant of each known group', async () => {
    const token = await issuer.token({
      ...ana,
      groups: ['lib-desk', 'choir', '/figures/all', 'lib-desk', 7],
    });
    await me(token).then(200, ({ grants }) =>
      expect(grants).toEqual([groups['lib-desk'], groups['/figures/all']]),
    );
  });

  it.each([
    ['library:N branch:SOUTH openid branch:', ['library:N', 'branch:SOUTH']],
    [
      ['branch:SOUTH', 'BRANCH:X', 3, 'branch:SOUTH', 'consortium'],
      ['branch:SOUTH', 'consortium'],
    ],
  ])('has the scopes that the token names as %j where the group has none', async (named, scopes) => {
    const claims = { ...ana, groups: ['branch-desk', 'lib-desk'], readership: { 'places/all': named } };
    await me(await issuer.token(claims)).then(200, ({ grants }) =>
      expect(grants).toEqual([{ role: 'front-desk', scopes }, groups['lib-desk']]),
    );
  });

  it('stands in no log by name, address or group', async () => {
    await me(await issuer.token(ana)).then(200);
    await me(await issuer.token({ ...ana, groups: ['choir'] })).thenRefused(403, 'NO_ROLE');
    expect(log).toContain('/v1/me');
    expect(log).not.toMatch(/ana|nunez|choir|lib-desk/);
  });
});

describe('a person without a role here', () => {
  const refused = async (claims: Claims) =>
    (await me(await issuer.token({ sub: ana.sub, ...claims })).thenRefused(403, 'NO_ROLE')).body
      .detail as string;

  it('is told which groups the token names, as far as they can be shown', async () => {
    expect(await refused({ groups: ['choir', 'Bücherei\u0000\u202e\n', 'x'.repeat(61), 'toString'] })).toBe(
      `Your token names «choir», «Bücherei», «${'x'.repeat(60)}», «toString», of which none gives a role with scopes here: ask an administrator to put you into a group that has a role here, or to map one of yours.`,
    );
    const many = await refused({ groups: Array.from({ length: 12 }, (_, n) => `g${n}`) });
    expect(many).toContain('«g9» and 2 others');
    expect(many).not.toContain('g10');
  });

  it.each([{}, { groups: null }, { groups: { 'lib-desk': true } }, { groups: [] }])(
    'is told that it names none: %j',
    async (claims) => expect(await refused(claims)).toContain('Your token names no group'),
  );

  it.each([undefined, '', 'openid', { 'library:N': 1 }])(
    'has a group whose scopes would be those of the token, which are %j',
    async (named) => {
      const claims = { groups: ['branch-desk'], readership: { 'places/all': named } };
      expect(await refused(claims)).toContain('«branch-desk»');
    },
  );

  it('is told so alone, and of their own groups, however many come from one address at once', async () => {
    const named = Array.from({ length: 70 }, (_, n) => (n < 64 ? `choir-${n}` : 'lib-desk'));
    const tokens = await Promise.all(
      named.map((group, n) => issuer.signed(ana, { sub: `person-${n}`, groups: [group] })),
    );
    let release = (): void => undefined;
    issuer.held = new Promise((resolve) => (release = resolve));
    const answers = tokens.map((key) => app.http({ url: '/v1/me', key }));
    await me(app.key).then(200);
    release();
    for (const [n, { status, body }] of (await Promise.all(answers)).entries()) {
      const isKnown = named[n] === 'lib-desk';
      expect([n, status]).toEqual([n, isKnown ? 200 : 403]);
      if (!isKnown) expect(body.detail).toContain(`«${named[n]}»`);
    }
  });
});

describe('a token', () => {
  it('is accepted 59 s after its end and 59 s before its beginning, and not 61 s', async () => {
    const token = await issuer.signed(ana, { nbf: seconds() + 59, exp: seconds() + 600 });
    await me(token).then(200);
    later(-2_000);
    await unauthenticated(token);
    later((600 + 61) * 1_000);
    await me(token).then(200);
    later(2_000);
    await unauthenticated(token);
  });

  it.each<[string, Claims]>([
    ['is for another audience', { aud: 'https://other.example' }],
    ['is of another issuer', { iss: 'https://other.example' }],
    ['is of an issuer with almost the same name', { iss: 'http://127.0.0.1/' }],
    ['has no end', { exp: undefined }],
    ['has an end that is no number', { exp: 'never' }],
    ['is over', { exp: 1_700_000_000 }],
    ['is of nobody', { sub: undefined }],
    ['is of somebody without a name', { sub: '' }],
    ['is of a number', { sub: 7 }],
  ])('is refused that %s', async (_, claims) => {
    await me(await issuer.signed(ana)).then(200);
    await unauthenticated(await issuer.signed(ana, claims));
  });

  it('is refused that is signed with no key, with the public key as secret, or by somebody else', async () => {
    const old = issuer.keyOf('RS256');
    await issuer.rotate();
    const jwk = issuer.keyOf('RS256');
    const right = await issuer.token(ana);
    await me(right).then(200);
    const { kty, n, e } = jwk as JWK & { kty: 'RSA' };
    const shown = await exportSPKI((await importJWK({ kty, n: n!, e: e! }, 'RS256')) as CryptoKey);
    const claims = decodeJwt(right);
    const none = new UnsecuredJWT(claims).encode();
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: jwk.kid! })
      .sign(Buffer.from(shown));
    const forged = await issuer.signed(ana, {}, { ...old, kid: jwk.kid! });
    for (const token of [none, `${none}c2lnbmVk`, hmac, forged, `${right.slice(0, -8)}AAAAAAAA`])
      await unauthenticated(token);
  });

  it('costs the issuer nothing when its form shows that it is wrong', async () => {
    const [header, payload, signature] = (await issuer.token(ana)).split('.') as [string, string, string];
    const tooLong = await issuer.token({ ...ana, filler: 'x'.repeat(8_000) });
    expect(tooLong.length).toBeLessThan(12_000);
    for (const token of [
      'wrong',
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}.${payload}.sign%ture`,
      `${payload}.${payload}.${signature}`,
      `e30.${payload}.${signature}`,
      `bm8.${payload}.${signature}`,
      `${header}.bm8.${signature}`,
      await issuer.signed(ana, { iss: 'https://other.example' }),
      await issuer.signed(
        ana,
        {},
        { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA', alg: 'HS256' },
      ),
      tooLong,
    ])
      await unauthenticated(token);
    expect(issuer.asked).toEqual([]);
  });

  it('that is wrong counts against its address, and those that were right go on', async () => {
    const [right, other] = [await issuer.token(ana), await issuer.token({ ...ana, sub: 'bo' })];
    await me(right).then(200);
    const wrong = await issuer.signed(ana, { aud: 'https://other.example' });
    for (let n = 0; n < 60; n++) await unauthenticated(wrong);
    const { headers } = await me(other).thenRefused(429, 'TOO_MANY_FAILURES');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await me(right).then(200);
    await me(app.key).then(200, { id: 'admin' });
  });
});

describe('how people sign in', () => {
  const signIn = (of: TestApp) => of.when({ url: '/v1/sign-in', key: null });

  it('is said to whoever asks', () =>
    signIn(app).then(200, (body) =>
      expect(body).toEqual({ methods: ['key', 'oidc'], oidc: { issuer: issuer.url, clientId: 'console' } }),
    ));

  it('is by key alone where no issuer is configured, and tokens mean nothing', async () => {
    const plain = await startApp(() => [{ module: ShelvesModule }], memoryAdapters());
    await signIn(plain).then(200, (body) => expect(body).toEqual({ methods: ['key'] }));
    await me(await issuer.token(ana), plain).thenRefused(401, 'UNAUTHENTICATED');
    expect(issuer.asked).toEqual([]);
    await plain.close();
  });
});

import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type AdapterFactory } from 'oidc-provider';
import { readConfig } from '../src/config.js';

export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

/** Claims of an access token. `undefined` leaves one out that the provider would set. */
export type Claims = Readonly<Record<string, unknown>>;

const client = { client_id: 'console', client_secret: 'the-secret-of-the-console' };
const audience = 'https://crm.example';
const secondsValid = 600;
const answered = ['/.well-known/openid-configuration', '/jwks'];

const none = (): Promise<undefined> => Promise.resolve(undefined);
/** The client is fixed and the tokens are complete in themselves, so the provider has nothing to remember. */
const nothingStored: AdapterFactory = () => ({
  upsert: none,
  find: none,
  findByUserCode: none,
  findByUid: none,
  consume: none,
  destroy: none,
  revokeByGrantId: none,
});

/** An OpenID provider at a free port of this machine. It gives tokens with the claims that a spec asks for. */
export class TestIssuer {
  /** The addresses that were asked for keys, in order. */
  readonly asked: string[] = [];
  /** While true, it cuts every connection. */
  away = false;
  /** It answers when this is resolved. */
  held: Promise<void> = Promise.resolve();
  /** Answers in the place of the provider when it is asked for keys. */
  answer: ((path: string, response: ServerResponse) => void) | null = null;
  private handle!: (request: IncomingMessage, response: ServerResponse) => void;
  private keys: Readonly<Record<string, JWK>> = {};
  private claims: Claims = {};
  private algorithm: Algorithm = 'RS256';
  private generation = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<TestIssuer> {
    const server = createServer((request, response) => void issuer.receive(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = new TestIssuer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await issuer.rotate();
    return issuer;
  }

  /** The settings of a deployment whose people sign in here. */
  settings(more: Readonly<Record<string, string>>): ReturnType<typeof readConfig>['oidc'] {
    return readConfig({
      READERSHIP_OIDC_ISSUER: this.url,
      READERSHIP_OIDC_AUDIENCE: audience,
      READERSHIP_OIDC_CLIENT_ID: client.client_id,
      ...more,
    }).oidc;
  }

  /** Signs with new keys from now on, and publishes them alone. */
  async rotate(): Promise<void> {
    this.generation++;
    const keys: Record<string, JWK> = {};
    for (const alg of algorithms) {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      keys[alg] = { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${this.generation}` };
    }
    this.keys = keys;
    this.handle = this.provider().callback();
  }

  /** The private key that signs now. */
  keyOf(algorithm: Algorithm): JWK {
    return this.keys[algorithm]!;
  }

  /** An access token, from the provider's token endpoint. */
  async token(claims: Claims, algorithm: Algorithm = 'RS256'): Promise<string> {
    this.claims = claims;
    this.algorithm = algorithm;
    const answer = await fetch(`${this.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...client, grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await answer.json()) as { readonly access_token?: string };
    if (token === undefined) throw new Error(`the provider gives no token: ${answer.status}`);
    return token;
  }

  /** A token of the provider with its claims changed, signed by a key of ours. */
  async signed(
    claims: Claims,
    changed: Claims = {},
    key: JWK = this.keyOf('RS256'),
    header: object = {},
  ): Promise<string> {
    const { alg, kid } = key;
    return new SignJWT({ ...decodeJwt(await this.token(claims)), ...changed })
      .setProtectedHeader({ alg: alg!, kid: kid!, ...header })
      .sign(await importJWK(key, alg));
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!;
    if (answered.includes(path)) this.asked.push(path);
    await this.held;
    if (this.away) request.socket.destroy();
    else if (this.answer !== null && answered.includes(path)) this.answer(path, response);
    else this.handle(request, response);
  }

  private provider(): Provider {
    const sign = () => ({ alg: this.algorithm, kid: this.keyOf(this.algorithm).kid! });
    return new Provider(this.url, {
      adapter: nothingStored,
      jwks: { keys: Object.values(this.keys) as never[] },
      clients: [
        {
          ...client,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => audience,
          getResourceServerInfo: () => ({
            scope: '',
            audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: secondsValid,
            jwt: { sign: sign() },
          }),
        },
      },
      formats: {
        customizers: {
          jwt: (_, __, token) => void Object.assign(token.payload, this.claims),
        },
      },
      ttl: { ClientCredentials: secondsValid },
    });
  }
}

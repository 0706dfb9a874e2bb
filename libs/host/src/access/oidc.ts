import { createHash, createHmac } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import { derivedKey, type Secrets } from '../secrets.js';
import type { FailedCredentials } from './failed-credentials.js';
import { IssuerKeys, type KeySet } from './issuer-keys.js';
import type { OidcConfig } from './oidc-config.js';
import { grantsOf, groupsOf, noRole } from './oidc-grants.js';
import type { People } from './people.js';
import type { Principal } from './principal.js';

/** Those with a key pair. With a shared secret, or with none, whoever knows the issuer's public key could sign. */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const toleranceS = 60;
const tokenMax = 8 * 1024;
const form = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const rightMax = 10_000;
/** Of the HMAC of a person: 128 bits. */
const idBytes = 16;

type PersonClaims = JWTPayload & { readonly sub: string };

/** Tells which person sends a request, from an access token of the issuer. */
export class OidcTokens {
  private readonly keys: IssuerKeys;
  private readonly idKey: Buffer;
  /** Digests of tokens that were right once. */
  private readonly right = new LRUCache<string, true>({ maxSize: rightMax, sizeCalculation: () => 1 });

  constructor(
    private readonly config: OidcConfig,
    private readonly clock: Clock,
    { masterKey }: Pick<Secrets, 'masterKey'>,
    private readonly people: Pick<People, 'note'>,
  ) {
    this.keys = new IssuerKeys(config.issuer, clock);
    this.idKey = derivedKey(masterKey, 'person-id');
  }

  /**
   * The person of a token; `null` when it is not valid here, which is counted among the failures of the address unless it
   * cannot be a token of the issuer. Throws 403 `NO_ROLE` for a person without a grant, 429 after too many failures, and `Unavailable` when the keys of the issuer are
   * not known well enough.
   */
  async principalOf(token: string, address: string, failures: FailedCredentials): Promise<Principal | null> {
    if (!this.canBeRight(token)) return null;
    const digest = createHash('sha256').update(token).digest('base64url');
    const wasRight = this.right.has(digest);
    // A token that was right is checked again whatever its address does, so that nobody can lock others out from behind it.
    const claims = await (wasRight
      ? this.checked(token)
      : failures.attempt(address, () => this.checked(token)));
    if (claims === null) {
      if (wasRight) failures.note(address);
      return null;
    }
    this.right.set(digest, true);
    const groups = groupsOf(claims, this.config);
    const grants = grantsOf(claims, groups, this.config);
    if (grants.length === 0) throw noRole(groups);
    const id = this.idOf(claims.sub);
    this.people.note(id, claims['name']);
    return { id, kind: 'person', grants };
  }

  /** What costs nothing to see, so that nothing is fetched for garbage. */
  private canBeRight(token: string): boolean {
    if (token.length > tokenMax || !form.test(token)) return false;
    try {
      const { alg } = decodeProtectedHeader(token);
      return alg !== undefined && algorithms.includes(alg) && decodeJwt(token).iss === this.config.issuer;
    } catch {
      return false;
    }
  }

  private async checked(token: string): Promise<PersonClaims | null> {
    const keys = await this.keys.current();
    const claims = await this.claimsOf(token, keys);
    if (claims !== 'unknown key') return claims;
    const others = await this.keys.otherThan(keys);
    if (others === null) return null;
    const found = await this.claimsOf(token, others);
    return found === 'unknown key' ? null : found;
  }

  private async claimsOf(token: string, keys: KeySet): Promise<PersonClaims | 'unknown key' | null> {
    const { issuer, audience } = this.config;
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: toleranceS,
        currentDate: this.clock.now(),
      });
      return isOfPerson(payload) ? payload : null;
    } catch (error) {
      // Others than those of jose come from a key that the issuer publishes and that cannot be used.
      return error instanceof errors.JWKSNoMatchingKey ? 'unknown key' : null;
    }
  }

  /** Stands for a person of the issuer in events. Only who has the master key can tell whose it is. */
  private idOf(sub: string): string {
    const mac = createHmac('sha256', this.idKey)
      .update(JSON.stringify([this.config.issuer, sub]))
      .digest();
    return `p_${mac.subarray(0, idBytes).toString('base64url')}`;
  }
}

function isOfPerson(claims: JWTPayload): claims is PersonClaims {
  return typeof claims.sub === 'string' && claims.sub !== '';
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { Unavailable } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Clock } from '../clock.js';
import { HttpProblem } from '../http-problem.js';
import { endsWithin } from '../stopping.js';
import { digestOf, isAccepted, keyIdOf, type ApiKey } from './api-key.js';
import type { ApiKeys } from './api-keys.js';
import type { OidcTokens } from './oidc.js';
import type { Principal } from './principal.js';

/** A key that was read so recently is not read again. So a revoked key is refused everywhere within this time. */
const freshMs = 3_000;
/** A key that was read so recently is accepted while the access database is away. */
const staleMs = 60_000;
const patienceMs = 1_000;
const keysMax = 10_000;
/** Wrong credentials of one address, after which none of its unknown keys is looked up for the rest of the minute. */
const failuresMax = 60;
const failuresS = 60;

const admin: Principal = {
  id: 'admin',
  kind: 'key',
  grants: [{ role: 'admin', scopes: ['consortium'] }],
};

interface Read {
  readonly key: ApiKey | null;
  readonly at: number;
}

/** Tells who sends a request, from its credential. */
export class Credentials {
  private readonly rightAdminKey: Buffer;
  private readonly failures = new RateLimiterMemory({ points: failuresMax, duration: failuresS });
  private readonly read = new LRUCache<string, Read>({ maxSize: keysMax, sizeCalculation: () => 1 });
  private readonly reading = new Map<string, Promise<ApiKey | null>>();
  /** The day on which the use of a key was last stored by this process. */
  private readonly usedOn = new LRUCache<string, string>({ maxSize: keysMax, sizeCalculation: () => 1 });

  constructor(
    private readonly apiKeys: ApiKeys,
    adminKey: string,
    private readonly clock: Clock,
    /** Absent when people have no sign-in. */
    private readonly tokens?: OidcTokens,
  ) {
    this.rightAdminKey = sha256(adminKey);
  }

  /**
   * The principal of a bearer credential; `null` for a wrong, expired or revoked one. Throws 429 when this address sent
   * too many wrong ones, 403 `NO_ROLE` for a person without a role here, and `Unavailable` when the key is not known well
   * enough while the access database is away, or the token while its issuer is.
   */
  async principalOf(credential: string, address: string): Promise<Principal | null> {
    if (timingSafeEqual(sha256(credential), this.rightAdminKey)) return admin;
    if (this.tokens !== undefined && !credential.startsWith('rk_')) {
      const person = await this.tokens.principalOf(credential, () => this.mustNotGuess(address));
      if (person === null) await this.failures.consume(address).catch(() => undefined);
      return person;
    }
    const id = keyIdOf(credential);
    const digest = digestOf(credential);
    const key = id === null ? null : await this.keyOf(id, digest, address);
    const at = this.clock.now().toISOString();
    if (key === null || !isAccepted(key, digest, at)) {
      await this.failures.consume(address).catch(() => undefined);
      return null;
    }
    this.noteUse(key, at.slice(0, 10));
    return { id: key.id, kind: 'key', grants: key.grants };
  }

  private async keyOf(id: string, digest: string, address: string): Promise<ApiKey | null> {
    const known = this.read.get(id);
    const age = known === undefined ? Infinity : performance.now() - known.at;
    // The key may have been rotated since it was read, and this be its new secret.
    const isOther = known?.key?.secrets.every((secret) => secret.digest !== digest) ?? false;
    if (known !== undefined && age < freshMs && !isOther) return known.key;
    // A key that was right is read again whatever its address does, so that nobody can lock others out from behind it.
    if (!known?.key || isOther) await this.mustNotGuess(address);
    const lookedUp = this.lookUp(id);
    if (known === undefined || age >= staleMs) return lookedUp;
    try {
      // A database that is away may take seconds to say so.
      return (await endsWithin(patienceMs, lookedUp)) ? await lookedUp : known.key;
    } catch (error) {
      if (error instanceof Unavailable) return known.key;
      throw error;
    }
  }

  /** Reads a key once for all who ask at the same time. */
  private lookUp(id: string): Promise<ApiKey | null> {
    const under = this.reading.get(id);
    if (under !== undefined) return under;
    const at = performance.now();
    const reading = this.apiKeys
      .get(id)
      .then((key) => {
        this.read.set(id, { key, at });
        return key;
      })
      .finally(() => this.reading.delete(id));
    this.reading.set(id, reading);
    // Whoever stopped waiting for it is not told.
    reading.catch(() => undefined);
    return reading;
  }

  private async mustNotGuess(address: string): Promise<void> {
    const state = await this.failures.get(address);
    if (state === null || state.consumedPoints < failuresMax) return;
    throw new HttpProblem(
      429,
      'TOO_MANY_FAILURES',
      'Too many wrong credentials came from this address: wait, and check the credential.',
      { retryAfterS: Math.max(1, Math.ceil(state.msBeforeNext / 1000)) },
    );
  }

  /** Stores the day of a key's use, once a day for each process. It is no reason to refuse when that fails. */
  private noteUse({ id, lastUsedOn }: ApiKey, day: string): void {
    if (lastUsedOn === day || this.usedOn.get(id) === day) return;
    this.usedOn.set(id, day);
    this.apiKeys
      .change(id, (key) =>
        key.lastUsedOn === null || key.lastUsedOn < day ? { ...key, lastUsedOn: day } : key,
      )
      .catch(() => this.usedOn.delete(id));
  }
}

/** Compares digests, so that the time taken reveals nothing about the key or its length. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

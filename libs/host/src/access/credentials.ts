import { createHash, timingSafeEqual } from 'node:crypto';
import { Unavailable } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import { endsWithin } from '../stopping.js';
import { digestOf, hasSecret, isAccepted, keyIdOf, type ApiKey } from './api-key.js';
import type { ApiKeys } from './api-keys.js';
import { FailedCredentials } from './failed-credentials.js';
import type { OidcTokens } from './oidc.js';
import type { Principal } from './principal.js';

/** A key that was read so recently is not read again. So a revoked key is refused everywhere within this time. */
const freshMs = 3_000;
/** A key that was read so recently is accepted while the access database is away. */
const staleMs = 60_000;
const patienceMs = 1_000;
const keysMax = 10_000;

const admin: Principal = {
  id: 'admin',
  kind: 'key',
  grants: [{ role: 'admin', scopes: ['consortium'] }],
};

interface Read {
  readonly key: ApiKey;
  /** When the read began. */
  readonly atMs: number;
}

/** Tells who sends a request, from its credential. */
export class Credentials {
  private readonly rightAdminKey: Buffer;
  private readonly failures: FailedCredentials;
  private readonly read = new LRUCache<string, Read>({ maxSize: keysMax, sizeCalculation: () => 1 });
  private readonly reading = new Map<string, Promise<ApiKey | null>>();
  /** The day on which the use of a key was last stored by this process. */
  private readonly usedOn = new LRUCache<string, string>({ maxSize: keysMax, sizeCalculation: () => 1 });

  /** @param nowMs tells how old a read is; it never goes back, as the time of day may */
  constructor(
    private readonly apiKeys: ApiKeys,
    adminKey: string,
    private readonly clock: Clock,
    /** Absent when people have no sign-in. */
    private readonly tokens?: OidcTokens,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.rightAdminKey = sha256(adminKey);
    this.failures = new FailedCredentials(nowMs);
    // A read that is under way may have begun before the change.
    apiKeys.onChange((id) => {
      this.read.delete(id);
      this.reading.delete(id);
    });
  }

  /**
   * The principal of a bearer credential; `null` for a wrong, expired or revoked one. Throws 429 when this address sent
   * too many wrong ones, and `Unavailable` when the key is not known well enough while the access database is away. With
   * `fresh` a key is read anew, however recently it was read.
   */
  async principalOf(
    credential: string,
    address: string,
    { fresh = false }: { readonly fresh?: boolean } = {},
  ): Promise<Principal | null> {
    if (timingSafeEqual(sha256(credential), this.rightAdminKey)) return admin;
    if (this.tokens !== undefined && !credential.startsWith('rk_'))
      return this.tokens.principalOf(credential, address, this.failures);
    const id = keyIdOf(credential);
    // It costs nothing, so it is not counted: a program with a wrong text must not lock out others at its address.
    if (id === null) return null;
    const digest = digestOf(credential);
    const known = this.read.get(id);
    if (known === undefined || !hasSecret(known.key, digest)) {
      return this.failures.attempt(address, async () =>
        this.accepted(await this.lookUpFor(id, digest), digest),
      );
    }
    // A key that was right is read again whatever its address does, so that nobody can lock others out from behind it.
    const key = await (fresh ? this.lookUp(id) : this.current(known));
    const principal = this.accepted(key, digest);
    if (principal === null) this.failures.note(address);
    return principal;
  }

  private accepted(key: ApiKey | null, digest: string): Principal | null {
    const at = this.clock.now().toISOString();
    if (key === null || !isAccepted(key, digest, at)) return null;
    this.noteUse(key, at.slice(0, 10));
    return { id: key.id, kind: 'key', grants: key.grants };
  }

  /** A key that is known, as it is now, or as it was a moment ago while the access database is away. */
  private async current({ key, atMs }: Read): Promise<ApiKey | null> {
    const ageMs = this.nowMs() - atMs;
    if (ageMs < freshMs) return key;
    const lookedUp = this.lookUp(key.id);
    if (ageMs >= staleMs) return lookedUp;
    try {
      // A database that is away may take seconds to say so.
      return (await endsWithin(patienceMs, lookedUp)) ? await lookedUp : key;
    } catch (error) {
      if (error instanceof Unavailable) return key;
      throw error;
    }
  }

  /** The key of a secret that is not known here: it may be new, so that a read which began before it is not enough. */
  private async lookUpFor(id: string, digest: string): Promise<ApiKey | null> {
    await this.reading.get(id);
    const known = this.read.get(id);
    return known !== undefined && hasSecret(known.key, digest) ? this.current(known) : this.lookUp(id);
  }

  /** Reads a key once for all who ask at the same time. */
  private lookUp(id: string): Promise<ApiKey | null> {
    const underWay = this.reading.get(id);
    if (underWay !== undefined) return underWay;
    const atMs = this.nowMs();
    const reading = this.apiKeys
      .get(id)
      .then((key) => {
        // Only keys that exist are remembered, so that guesses cannot displace them.
        if (this.reading.get(id) !== reading) return key;
        if (key === null) this.read.delete(id);
        else this.read.set(id, { key, atMs });
        return key;
      })
      .finally(() => {
        if (this.reading.get(id) === reading) this.reading.delete(id);
      });
    this.reading.set(id, reading);
    // Whoever stopped waiting for it is not told.
    reading.catch(() => undefined);
    return reading;
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

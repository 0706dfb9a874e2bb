import { Logger } from '@nestjs/common';
import { Unavailable } from '@readership/kernel';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Clock } from '../clock.js';
import { endsWithin } from '../stopping.js';
import { isTrustworthy } from './oidc-config.js';

/** Keys are fetched again after this time. So a key that the issuer withdrew is not accepted for longer, unless it is away. */
const freshMs = 600_000;
/** While the issuer is away, the last keys that it gave are accepted for so long. */
const keptMs = 86_400_000;
/** Between two fetches while there are keys, and between two fetches for tokens with an unknown key. */
const betweenMs = 60_000;
/** Between two fetches while there are no keys, and every token has to wait. */
const retryMs = 5_000;
/** How long a token waits for keys that are only to be renewed. */
const patienceMs = 1_000;
const fetchedWithinMs = 5_000;
const bytesMax = 256 * 1024;
const keysMax = 100;

/** The public keys that an issuer signed with at one time. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The keys of an issuer, by OpenID Connect Discovery. At most one fetch is under way. */
export class IssuerKeys {
  private readonly logger = new Logger('sign-in');
  private last: { readonly keys: KeySet; readonly at: number } | null = null;
  private fetching: Promise<void> | null = null;
  /** Why the last fetch failed. */
  private failure: Unavailable | null = null;
  private fetchedAt = -Infinity;
  private soughtAt = -Infinity;

  constructor(
    private readonly issuer: string,
    private readonly clock: Clock,
  ) {}

  /** Rejects with `Unavailable` when the issuer gave none in the last 24 h. */
  async current(): Promise<KeySet> {
    const age = this.since(this.last?.at ?? -Infinity);
    if (age < freshMs) return this.last!.keys;
    const isKept = age < keptMs;
    if (this.since(this.fetchedAt) >= (isKept ? betweenMs : retryMs)) void this.fetch();
    if (this.fetching) await (isKept ? endsWithin(patienceMs, this.fetching) : this.fetching);
    if (this.last !== null && this.since(this.last.at) < keptMs) return this.last.keys;
    throw this.failure ?? new Unavailable('ISSUER_UNAVAILABLE', 'NO_KEYS');
  }

  /**
   * Other keys than these, which lack the key of a token; `null` when the issuer has no others, or was asked for them in
   * the last minute. Rejects with `Unavailable` when it is not known because the last fetch failed.
   */
  async otherThan(keys: KeySet): Promise<KeySet | null> {
    if (this.last?.keys === keys && this.since(this.soughtAt) >= betweenMs) {
      this.soughtAt = this.now();
      void this.fetch();
    }
    await this.fetching;
    if (this.last !== null && this.last.keys !== keys) return this.last.keys;
    if (this.failure !== null) throw this.failure;
    return null;
  }

  /** Never rejects. */
  private fetch(): Promise<void> {
    return (this.fetching ??= this.fetchOnce().finally(() => {
      this.fetching = null;
    }));
  }

  private async fetchOnce(): Promise<void> {
    const at = this.now();
    this.fetchedAt = at;
    try {
      this.last = { keys: createLocalJWKSet(await fetchKeys(this.issuer)), at };
      this.failure = null;
    } catch (error) {
      const reason = reasonOf(error);
      this.failure = new Unavailable('ISSUER_UNAVAILABLE', reason, { cause: error });
      this.logger.warn('the keys of the issuer cannot be fetched', { reason });
    }
  }

  private now(): number {
    return this.clock.now().getTime();
  }

  /** Milliseconds since an instant. A clock that was put back must not keep us from fetching. */
  private since(instant: number): number {
    const ms = this.now() - instant;
    return ms < 0 ? Infinity : ms;
  }
}

/** The issuer answered, and not as it should. The message is safe to log. */
class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

async function fetchKeys(issuer: string): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(fetchedWithinMs);
  const about = await readJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal);
  if (about['issuer'] !== issuer) throw new BadAnswer('OTHER_ISSUER');
  const address = about['jwks_uri'];
  if (typeof address !== 'string' || !isTrustworthy(address)) throw new BadAnswer('BAD_JWKS_URI');
  const { keys } = await readJson(address, signal);
  if (!Array.isArray(keys) || keys.length > keysMax) throw new BadAnswer('BAD_KEYS');
  const usable = keys.filter(isPublicKey);
  if (usable.length === 0) throw new BadAnswer('NO_KEYS');
  return { keys: usable };
}

/** A key of a pair. A shared secret must never be taken for one. */
function isPublicKey(key: unknown): key is JSONWebKeySet['keys'][number] {
  if (typeof key !== 'object' || key === null) return false;
  return ['RSA', 'EC', 'OKP'].includes((key as { readonly kty?: unknown }).kty as string);
}

/** Follows no redirect, and stops reading when an answer is too large. */
async function readJson(address: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal,
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new BadAnswer(`HTTP_${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > bytesMax) throw new BadAnswer('TOO_LARGE');
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // Said below, without the parser's message, which quotes.
  }
  if (typeof value !== 'object' || value === null) throw new BadAnswer('NO_JSON');
  return value as Readonly<Record<string, unknown>>;
}

/** Such as `ECONNREFUSED`, `TimeoutError` or `HTTP_404`. */
function reasonOf(error: unknown): string {
  if (error instanceof BadAnswer) return error.message;
  const { cause, name } = error as Error;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : name;
}

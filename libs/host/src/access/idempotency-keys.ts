import { Refusal, Unavailable, uuidv7, type AccessRecord, type AccessStore } from '@readership/kernel';
import { createHmac } from 'node:crypto';
import { derivedKey, type Secrets } from '../secrets.js';

const keptMs = 24 * 3_600_000;
const triesMax = 5;
const prefix = 'once.';
/**
 * Whoever makes a record looks at so many others and removes those that are over. So at least three of four records are
 * still needed, and no process has to read them all.
 */
const visitedMax = 4;

/** A request that was sent with an idempotency key. */
export interface KeyedRequest {
  /** The id of the principal. */
  readonly sender: string;
  /** Method and path, with the ids in it. */
  readonly address: string;
  /** As it was sent. */
  readonly key: string;
  /** All that the request says: two requests are the same when the parts are. */
  readonly content: readonly (string | Buffer)[];
}

/** What is kept of a request: nothing that says what was in it or who sent it. */
interface Kept {
  readonly digest: string;
  readonly command: string;
  /** When it was first sent, RFC 3339. */
  readonly at: string;
}

/** The idempotency keys that requests were sent with, for 24 hours, in the access database of the deployment. */
export class IdempotencyKeys {
  private readonly digestKey: Buffer;

  constructor(
    private readonly store: AccessStore,
    { masterKey }: Pick<Secrets, 'masterKey'>,
  ) {
    this.digestKey = derivedKey(masterKey, 'idempotency');
  }

  /**
   * The command id of a request: a new one, or that of the same request with the same key within 24 hours. It is stored
   * before this resolves, so that it is found again whatever becomes of the request. Throws `IDEMPOTENCY_KEY_REUSED`
   * when the key was used for another request, and `Unavailable` while the access database is away.
   */
  async commandOf({ sender, address, key, content }: KeyedRequest, now: Date): Promise<string> {
    const id = prefix + this.digest('key', [sender, address, key]);
    const digest = this.digest(id, content);
    const made: Kept = { digest, command: uuidv7(), at: now.toISOString() };
    for (let tries = 0; tries < triesMax; tries++) {
      if (await this.store.put(id, 0, JSON.stringify(made))) {
        // It is no reason to wait or to refuse when this fails.
        this.removeSome(id, now).catch(() => undefined);
        return made.command;
      }
      const record = await this.store.get(id);
      if (record === null) continue;
      const kept = JSON.parse(record.body) as Kept;
      if (isOver(kept, now)) await this.store.remove(record);
      else if (kept.digest === digest) return kept.command;
      else throw reused();
    }
    throw new Unavailable('BUSY', 'others use the same idempotency key');
  }

  /** Looks at the records that follow one, at the end at the first ones. Their ids are digests, so any may follow. */
  private async removeSome(id: string, now: Date): Promise<void> {
    const found = await this.after(id, visitedMax);
    if (found.length < visitedMax) found.push(...(await this.after(prefix, visitedMax - found.length)));
    for (const record of found) {
      if (isOver(JSON.parse(record.body) as Kept, now)) await this.store.remove(record);
    }
  }

  private async after(after: string, limit: number): Promise<AccessRecord[]> {
    return (await this.store.list({ after, limit })).filter((record) => record.id.startsWith(prefix));
  }

  /** Keyed, so that nobody who reads the database can guess a short key or body. */
  private digest(of: string, parts: readonly (string | Buffer)[]): string {
    const hmac = createHmac('sha256', this.digestKey).update(of);
    for (const part of parts) hmac.update(`\0${Buffer.byteLength(part)}\0`).update(part);
    return hmac.digest('base64url');
  }
}

function isOver({ at }: Kept, now: Date): boolean {
  return Date.parse(at) + keptMs <= now.getTime();
}

function reused(): Refusal {
  return new Refusal(
    'IDEMPOTENCY_KEY_REUSED',
    'invalid',
    'This Idempotency-Key was used for another request within the last 24 hours: send a new one.',
  );
}

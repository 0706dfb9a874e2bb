import { hkdfSync } from 'node:crypto';
import { decrypt, encrypt, Unavailable, type AccessRecord, type AccessStore } from '@readership/kernel';
import type { Secrets } from '../secrets.js';
import { digestOf, newKeyId, newKeyText, type ApiKey } from './api-key.js';
import type { Grant } from './principal.js';

const triesMax = 5;
const prefix = 'key.';

export interface NewApiKey {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly expiresOn: string | null;
  /** The end of that day, RFC 3339 in UTC. */
  readonly expiresAt: string | null;
}

/** The API keys of the deployment, in its access database. Every method rejects with `Unavailable` while that is away. */
export class ApiKeys {
  private readonly nameKey: Buffer;

  constructor(
    private readonly store: AccessStore,
    { masterKey }: Pick<Secrets, 'masterKey'>,
  ) {
    this.nameKey = Buffer.from(hkdfSync('sha256', masterKey, '', 'readership:key-name', 32));
  }

  async get(id: string): Promise<ApiKey | null> {
    const record = await this.store.get(prefix + id);
    return record && keyOf(record);
  }

  /** Makes a key. Its text is in no place but this answer. */
  async issue(
    { name, grants, expiresOn, expiresAt }: NewApiKey,
    at: string,
  ): Promise<{ readonly key: ApiKey; readonly text: string }> {
    for (let tries = 0; tries < triesMax; tries++) {
      const id = newKeyId();
      const text = newKeyText(id);
      const key: ApiKey = {
        id,
        sealedName: encrypt(this.nameKey, Buffer.from(name), id).toString('base64'),
        grants,
        issuedAt: at,
        expiresOn,
        expiresAt,
        revokedAt: null,
        lastUsedOn: null,
        secrets: [{ digest: digestOf(text), until: null }],
      };
      if (await this.store.put(prefix + id, 0, JSON.stringify(key))) return { key, text };
    }
    throw new Unavailable('BUSY', 'every id that was tried belongs to a key');
  }

  /**
   * Changes a key by what `change` makes of it, which may return the same. Resolves to the key as it is then; `null` when
   * there is none with this id.
   */
  async change(id: string, change: (key: ApiKey) => ApiKey): Promise<ApiKey | null> {
    for (let tries = 0; tries < triesMax; tries++) {
      const record = await this.store.get(prefix + id);
      if (record === null) return null;
      const before = keyOf(record);
      const after = change(before);
      if (after === before) return before;
      if (await this.store.put(prefix + id, record.rev, JSON.stringify(after))) return after;
    }
    throw new Unavailable('BUSY', 'others change the key');
  }

  /** The keys with the lowest ids above `after`, at most `limit`. */
  async list({
    after = '',
    limit,
  }: {
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly ApiKey[]> {
    const records = await this.store.list({ after: prefix + after, limit });
    return records.filter(({ id }) => id.startsWith(prefix)).map(keyOf);
  }

  /** The name that a key was given; `null` when it was sealed with another master key. */
  nameOf({ id, sealedName }: Pick<ApiKey, 'id' | 'sealedName'>): string | null {
    return decrypt(this.nameKey, Buffer.from(sealedName, 'base64'), id)?.toString() ?? null;
  }
}

function keyOf({ body }: AccessRecord): ApiKey {
  return JSON.parse(body) as ApiKey;
}

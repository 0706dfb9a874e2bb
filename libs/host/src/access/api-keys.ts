import {
  decrypt,
  encrypt,
  Unavailable,
  type AccessRecord,
  type AccessStore,
  type Meta,
} from '@readership/kernel';
import { derivedKey, type Secrets } from '../secrets.js';
import { digestOf, keyIdMadeBy, newKeyText, type ApiKey } from './api-key.js';
import type { Grant } from './principal.js';

const triesMax = 5;
const prefix = 'key.';
/** Rotations after which the first of them is not recognised any more when it is repeated. */
const rotationsRecognised = 20;

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
  private readonly listeners: ((id: string) => void)[] = [];

  constructor(
    private readonly store: AccessStore,
    { masterKey }: Pick<Secrets, 'masterKey'>,
  ) {
    this.nameKey = derivedKey(masterKey, 'key-name');
  }

  /** Calls back with the id of each key whose secrets this process replaces, or which it revokes. */
  onChange(listener: (id: string) => void): void {
    this.listeners.push(listener);
  }

  async get(id: string): Promise<ApiKey | null> {
    const record = await this.store.get(prefix + id);
    return record && keyOf(record);
  }

  /** The key that a command has made; `null` when it has made none. */
  async issuedBy(commandId: string): Promise<ApiKey | null> {
    for (let tries = 0; tries < triesMax; tries++) {
      const key = await this.get(keyIdMadeBy(commandId, tries));
      if (key === null || key.issuedBy === commandId) return key;
    }
    return null;
  }

  /**
   * Makes a key. Its text is in no place but this answer; it is `null` when the same command has made the key before,
   * which then stays as it is.
   */
  async issue(
    { name, grants, expiresOn, expiresAt }: NewApiKey,
    { commandId, at }: Pick<Meta, 'commandId' | 'at'>,
  ): Promise<{ readonly key: ApiKey; readonly text: string | null }> {
    for (let tries = 0; tries < triesMax; tries++) {
      const id = keyIdMadeBy(commandId, tries);
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
        issuedBy: commandId,
      };
      if (await this.store.put(prefix + id, 0, JSON.stringify(key))) return { key, text };
      const made = await this.get(id);
      if (made?.issuedBy === commandId) return { key: made, text: null };
    }
    throw new Unavailable('BUSY', 'every id that was tried belongs to a key');
  }

  /**
   * Replaces the secret of a key; the one before is accepted until `overlapUntil`. The text of the new one is in no place
   * but this answer; it is `null` when the same command has rotated the key before. Resolves to `null` when there is no
   * such key. `expectValid` throws for a key that must not be rotated.
   */
  async rotate(
    id: string,
    overlapUntil: string,
    commandId: string,
    expectValid: (key: ApiKey) => void,
  ): Promise<{ readonly key: ApiKey; readonly text: string | null } | null> {
    const text = newKeyText(id);
    const digest = digestOf(text);
    const key = await this.change(id, (before) => {
      const { secrets, rotatedBy = [] } = before;
      if (rotatedBy.includes(commandId)) return before;
      expectValid(before);
      return {
        ...before,
        secrets: [
          { digest, until: null },
          { digest: secrets[0]!.digest, until: overlapUntil },
        ],
        rotatedBy: [commandId, ...rotatedBy].slice(0, rotationsRecognised),
      };
    });
    return key && { key, text: key.secrets[0]!.digest === digest ? text : null };
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
      if (!(await this.store.put(prefix + id, record.rev, JSON.stringify(after)))) continue;
      const isOther = after.secrets !== before.secrets || after.revokedAt !== before.revokedAt;
      if (isOther) for (const listener of this.listeners) listener(id);
      return after;
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

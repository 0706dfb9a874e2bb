import { isLine, lineOf } from '@readership/contracts';
import { decrypt, encrypt, Unavailable, type AccessRecord, type AccessStore } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import { derivedKey, type Secrets } from '../secrets.js';

const prefix = 'person.';
const triesMax = 5;
const notedMax = 10_000;
const nameCharsMax = 200;

/** What the access database keeps of a person: nothing that is readable without the master key. */
interface KeptPerson {
  /** `null` while no token has named the person. */
  readonly sealedName: string | null;
}

/** The names of the people who sign in, by their principal ids, in the access database. */
export class People {
  private readonly nameKey: Buffer;
  /** What this process stored last of a person, so that it is stored once. */
  private readonly noted = new LRUCache<string, { readonly name: string | null }>({
    maxSize: notedMax,
    sizeCalculation: () => 1,
  });

  constructor(
    private readonly store: AccessStore,
    { masterKey }: Pick<Secrets, 'masterKey'>,
  ) {
    this.nameKey = derivedKey(masterKey, 'person-name');
  }

  /**
   * Stores a person when they are first seen, and their name when a token says another one. A token without a name takes
   * none away. It does not wait, and it is no reason to refuse a request when it fails: the next request tries again.
   */
  note(id: string, claim: unknown): void {
    const name = nameIn(claim);
    const noted = this.noted.get(id);
    if (noted !== undefined && (name === null || noted.name === name)) return;
    this.noted.set(id, { name });
    this.keep(id, name).catch(() => this.noted.delete(id));
  }

  /**
   * The name of a person, which is `null` when it is not known or was sealed with another master key. Resolves to `null`
   * when nobody with this id was seen here. Rejects with `Unavailable` while the access database is away.
   */
  async get(id: string): Promise<{ readonly name: string | null } | null> {
    const record = await this.store.get(prefix + id);
    return record && { name: this.nameOf(id, record) };
  }

  private async keep(id: string, name: string | null): Promise<void> {
    const sealedName = name && encrypt(this.nameKey, Buffer.from(name), id).toString('base64');
    const body = JSON.stringify({ sealedName } satisfies KeptPerson);
    for (let tries = 0; tries < triesMax; tries++) {
      const record = await this.store.get(prefix + id);
      if (record !== null && (name === null || this.nameOf(id, record) === name)) return;
      if (await this.store.put(prefix + id, record?.rev ?? 0, body)) return;
    }
    throw new Unavailable('BUSY', 'others store the same person');
  }

  private nameOf(id: string, { body }: AccessRecord): string | null {
    const { sealedName } = JSON.parse(body) as KeptPerson;
    if (sealedName === null) return null;
    return decrypt(this.nameKey, Buffer.from(sealedName, 'base64'), id)?.toString() ?? null;
  }
}

/** A name of one line; `null` for anything else, since whoever reads it must not be misled by it. */
function nameIn(claim: unknown): string | null {
  if (typeof claim !== 'string' || claim.length > 4 * nameCharsMax) return null;
  const name = lineOf(claim);
  return name !== '' && isLine(name, nameCharsMax) ? name : null;
}

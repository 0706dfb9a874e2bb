import {
  checkMasterKey,
  keyUnusable,
  newDataKey,
  unwrapDataKey,
  type NewDataKey,
  type OpeningKey,
} from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import type { SqlDriver } from './sql-driver.js';

export interface DataKey extends NewDataKey {
  stored: boolean;
}

/**
 * One data key per subject, wrapped by the master key, in the database of the events it opens: destroying the line of
 * a subject destroys whatever is sealed for it, copies and backups of the events included.
 */
export class DataKeys {
  private readonly known: LRUCache<string, DataKey>;

  constructor(
    private readonly driver: SqlDriver,
    private readonly masterKey: Buffer,
    keysMax = 10_000,
  ) {
    checkMasterKey(masterKey);
    // By size, each key being 1: `max` would set aside the room for all of them at once, for every store that is opened.
    this.known = new LRUCache({ maxSize: keysMax, sizeCalculation: () => 1 });
  }

  /**
   * The key to seal with; while it is not `stored` it goes into the database with the commit that uses it. Whoever seals
   * keeps it until then, for it may be forgotten here meanwhile. Refused with `KEY_UNUSABLE`.
   */
  toSeal(subject: string): DataKey {
    const known = this.known.get(subject) ?? this.read(subject);
    if (known === 'foreign-key') throw keyUnusable();
    if (known !== 'no-key') return known;
    const made: DataKey = { ...newDataKey(this.masterKey, subject), stored: false };
    this.known.set(subject, made);
    return made;
  }

  /** The key to open with, or why there is none. */
  toOpen(subject: string): OpeningKey {
    const known = this.known.get(subject) ?? this.read(subject);
    return typeof known === 'string' ? known : known.key;
  }

  /** Forget a key that somebody else stored first. */
  forget(subject: string): void {
    this.known.delete(subject);
  }

  private read(subject: string): DataKey | 'no-key' | 'foreign-key' {
    const row = this.driver.prepare('SELECT wrapped FROM keys WHERE subject = ?').get([subject]);
    if (!row) return 'no-key';
    const wrapped = row[0] as Uint8Array;
    const key = unwrapDataKey(this.masterKey, wrapped, subject);
    if (key === null) return 'foreign-key';
    const found: DataKey = { key, wrapped, stored: true };
    this.known.set(subject, found);
    return found;
  }
}

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
 * One data key per subject, wrapped by the master key, in the same database as the events. Destroying a subject's row
 * makes everything sealed for it unreadable, in copies and backups of the events as well.
 */
export class DataKeys {
  private readonly known: LRUCache<string, DataKey>;

  constructor(
    private readonly driver: SqlDriver,
    private readonly masterKey: Buffer,
    keysMax = 10_000,
  ) {
    checkMasterKey(masterKey);
    // By size, with size 1 for each key: `max` would reserve memory for all of them at once, in every open store.
    this.known = new LRUCache({ maxSize: keysMax, sizeCalculation: () => 1 });
  }

  /**
   * The key to seal with. While it is not `stored`, it is written with the commit that uses it. The caller keeps the
   * key until then, because it may be dropped from memory here meanwhile. Throws `KEY_UNUSABLE`.
   */
  toSeal(subject: string): DataKey {
    const known = this.known.get(subject) ?? this.read(subject);
    if (known === 'foreign-key') throw keyUnusable();
    if (known !== 'no-key') return known;
    const made: DataKey = { ...newDataKey(this.masterKey, subject), stored: false };
    this.known.set(subject, made);
    return made;
  }

  /** The key to decrypt with, or why there is none. */
  toOpen(subject: string): OpeningKey {
    const known = this.known.get(subject) ?? this.read(subject);
    return typeof known === 'string' ? known : known.key;
  }

  /** Drops a key from memory, because somebody else stored another one first, or because it was destroyed. */
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

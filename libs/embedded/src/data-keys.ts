import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SqlDriver } from './sql-driver.js';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

interface DataKey {
  readonly key: Buffer;
  readonly wrapped: Uint8Array;
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
    if (masterKey.length !== 32) throw new RangeError('the master key has 32 bytes');
    // By size, each key being 1: `max` would set aside the room for all of them at once, for every store that is opened.
    this.known = new LRUCache({ maxSize: keysMax, sizeCalculation: () => 1 });
  }

  /** The key to seal with; while it is not `stored` it goes into the database with the commit that uses it. */
  toSeal(subject: string): DataKey {
    const known = this.known.get(subject) ?? this.read(subject);
    if (known) return known;
    const key = randomBytes(32);
    // A copy, because a view of Node's buffer pool would cross to the writer's thread with the whole pool.
    const wrapped = new Uint8Array(encrypt(this.masterKey, key, subject));
    const made: DataKey = { key, wrapped, stored: false };
    this.known.set(subject, made);
    return made;
  }

  /** The key to open with, `null` when there is none any more. */
  toOpen(subject: string): Buffer | null {
    return (this.known.get(subject) ?? this.read(subject))?.key ?? null;
  }

  /** Forget a key that somebody else stored first. */
  forget(subject: string): void {
    this.known.delete(subject);
  }

  private read(subject: string): DataKey | null {
    const row = this.driver.prepare('SELECT wrapped FROM keys WHERE subject = ?').get([subject]);
    if (!row) return null;
    const wrapped = row[0] as Uint8Array;
    const key = decrypt(this.masterKey, wrapped, subject);
    if (!key) throw new Error('the master key does not open the data keys of this database');
    const found: DataKey = { key, wrapped, stored: true };
    this.known.set(subject, found);
    return found;
  }
}

/** Sealed text, base64, that opens only at the same place. */
export function seal(key: Buffer, text: string, stream: string, version: number): string {
  return encrypt(key, Buffer.from(text), `${stream}\n${version}`).toString('base64');
}

/** Throws when it was changed or moved. */
export function open(key: Buffer, sealed: string, stream: string, version: number): string {
  const text = decrypt(key, Buffer.from(sealed, 'base64'), `${stream}\n${version}`);
  if (!text) throw new Error(`a sealed part of ${stream} is damaged`);
  return text.toString();
}

function encrypt(key: Buffer, bytes: Buffer, place: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Uint8Array, place: string): Buffer | null {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

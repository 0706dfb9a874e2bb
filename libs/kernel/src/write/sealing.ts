import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Refusal } from '../refusal.js';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** A new data key for one subject, and the form in which it is stored, which only the master key unwraps. */
export interface NewDataKey {
  readonly key: Buffer;
  readonly wrapped: Uint8Array;
}

export function checkMasterKey(masterKey: Buffer): void {
  if (masterKey.length !== keyBytes) throw new RangeError('the master key has 32 bytes');
}

export function newDataKey(masterKey: Buffer, subject: string): NewDataKey {
  const key = randomBytes(keyBytes);
  // A copy, because a view of Node's buffer pool would be sent to another thread with the whole pool.
  return { key, wrapped: new Uint8Array(encrypt(masterKey, key, subject)) };
}

/** The data key. `null` when it was wrapped with another master key or for another subject, or is damaged. */
export function unwrapDataKey(masterKey: Buffer, wrapped: Uint8Array, subject: string): Buffer | null {
  const key = decrypt(masterKey, wrapped, subject);
  return key?.length === keyBytes ? key : null;
}

/**
 * The refusal to seal for a subject whose stored key does not open. A new key would make what is already sealed
 * unreadable.
 */
export function keyUnusable(): Refusal {
  return new Refusal(
    'KEY_UNUSABLE',
    'conflict',
    'The stored key for this personal data is damaged or belongs to another master key.',
  );
}

/** Encrypts a text for one stream and version, as base64. It can be decrypted only for the same two. */
export function seal(key: Buffer, text: string, stream: string, version: number): string {
  return encrypt(key, Buffer.from(text), `${stream}\n${version}`).toString('base64');
}

/** The decrypted text. `null` when it was changed or moved, or was sealed with another key. */
export function unseal(key: Buffer, sealed: string, stream: string, version: number): string | null {
  return decrypt(key, Buffer.from(sealed, 'base64'), `${stream}\n${version}`)?.toString() ?? null;
}

/** Encrypts bytes with a key of 32 bytes. They can be decrypted only for the same place, which is not contained. */
export function encrypt(key: Buffer, bytes: Buffer, place: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** The decrypted bytes. `null` when they were changed or cut, or encrypted with another key or for another place. */
export function decrypt(key: Buffer, sealed: Uint8Array, place: string): Buffer | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

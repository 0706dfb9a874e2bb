import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Grant } from './principal.js';

/** An API key as the access database keeps it. Only digests of its secrets are in it. */
export interface ApiKey {
  readonly id: string;
  /** Sealed, because it may name a person. */
  readonly sealedName: string;
  readonly grants: readonly Grant[];
  readonly issuedAt: string;
  /** The last day on which the key is accepted, in the consortium's time zone when it was issued. */
  readonly expiresOn: string | null;
  /** The first instant at which the key is not accepted any more, RFC 3339; `null` when it does not expire. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** The last day (UTC) on which the key was used; `null` when it never was. */
  readonly lastUsedOn: string | null;
  /** The newest secret first; an older one ends with the overlap of its rotation. */
  readonly secrets: readonly { readonly digest: string; readonly until: string | null }[];
  /** The command that made the key, by which its repetition is recognised. Absent in older records. */
  readonly issuedBy?: string;
  /** The commands of its last rotations, the newest first. Absent before the first, and in older records. */
  readonly rotatedBy?: readonly string[];
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const form = /^rk_([A-Za-z0-9]{8})_[A-Za-z0-9_-]{43}_([0-9a-f]{8})$/;

const checkOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** The id of the key that a command makes. Another number gives another id, for when somebody's key has that one. */
export function keyIdMadeBy(commandId: string, n: number): string {
  let number = createHash('sha256').update(`api-key\0${commandId}\0${n}`).digest().readBigUInt64BE();
  let id = '';
  for (; id.length < 8; number /= BigInt(letters.length))
    id += letters[Number(number % BigInt(letters.length))]!;
  return id;
}

/** A new key for an id: `rk_<id>_<secret>_<check>`, 64 characters. */
export function newKeyText(id: string): string {
  const text = `rk_${id}_${randomBytes(32).toString('base64url')}`;
  return `${text}_${checkOf(text)}`;
}

/** What is stored in the place of a key: its SHA-256 in hexadecimal. */
export function digestOf(keyText: string): string {
  return createHash('sha256').update(keyText).digest('hex');
}

/** The id of a key; `null` for a text that no key can be, which its check digits tell. */
export function keyIdOf(text: string): string | null {
  const [, id, check] = form.exec(text) ?? [];
  return id !== undefined && check === checkOf(text.slice(0, -9)) ? id : null;
}

/** True when this digest is of a secret of the key, which may have ended. */
export function hasSecret({ secrets }: ApiKey, digest: string): boolean {
  return secrets.some((secret) => secret.digest === digest);
}

/** True once a key is revoked or has expired, at an instant, RFC 3339 in UTC. */
export function hasEnded({ revokedAt, expiresAt }: ApiKey, at: string): boolean {
  return revokedAt !== null || (expiresAt !== null && expiresAt <= at);
}

/** True while the key of this digest is accepted at an instant, RFC 3339 in UTC. */
export function isAccepted(key: ApiKey, digest: string, at: string): boolean {
  if (hasEnded(key, at)) return false;
  return key.secrets.some(
    (secret) => secret.digest === digest && (secret.until === null || at < secret.until),
  );
}

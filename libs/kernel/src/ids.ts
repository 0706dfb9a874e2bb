import { createHash, hash } from 'node:crypto';

/** SHA-256 of the text in base64url: 43 characters. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * Name-based UUID (RFC 9562 §5.5, version 5). Used for the command id of an effect: the same cause gives the same id.
 * `namespace` is a UUID.
 */
export function uuid5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

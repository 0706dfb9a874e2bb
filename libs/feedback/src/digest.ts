import { createHmac } from 'node:crypto';

/**
 * A keyed digest of everything a request said, by which the same is told from other content, also after it was forgotten.
 * `parts` are in a fixed order; base64url.
 */
export function keyedDigest(key: Buffer, kind: string, parts: readonly unknown[]): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([kind, ...parts.map((part) => part ?? null)]))
    .digest('base64url');
}

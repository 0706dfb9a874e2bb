import { keyed } from '@readership/kernel';

/**
 * A keyed digest of everything that a request said, in base64url. It distinguishes a repeated request from other
 * content, even after the content was forgotten. `parts` are in a fixed order.
 */
export function keyedDigest(key: Buffer, kind: string, parts: readonly unknown[]): string {
  return keyed(key, JSON.stringify([kind, ...parts.map((part) => part ?? null)]));
}

import { createHmac } from 'node:crypto';

/**
 * Keyed digest in base64url: the token of a normalised card number, or a digest that distinguishes one fact from
 * another.
 */
export function keyed(cardKey: Buffer, text: string): string {
  return createHmac('sha256', cardKey).update(text).digest('base64url');
}

import { createHmac } from 'node:crypto';
import { Refusal } from '@readership/kernel';

const printable = /^[^\p{C}\p{Z}]{1,64}$/u;

/**
 * A card number in the form in which numbers are compared: NFKC, upper case, without spaces and hyphens. Throws
 * `BAD_CARD`.
 */
export function normalisedCard(number: string): string {
  const normalised = number
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\u2010-]/gu, '')
    // Characters that were separated may compose now. Normalising the result must not change it.
    .normalize('NFKC');
  if (!printable.test(normalised)) {
    throw new Refusal('BAD_CARD', 'invalid', 'A card number has 1 to 64 printable characters.', '/cards');
  }
  return normalised;
}

/**
 * Keyed digest in base64url: the token of a normalised card number, or a digest that distinguishes one request from
 * another.
 */
export function keyed(cardKey: Buffer, text: string): string {
  return createHmac('sha256', cardKey).update(text).digest('base64url');
}

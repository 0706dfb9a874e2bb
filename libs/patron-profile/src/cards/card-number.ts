import { createHmac } from 'node:crypto';
import { Refusal } from '@readership/kernel';

const printable = /^[^\p{C}\p{Z}]{1,64}$/u;

/** A card number as it is compared: NFKC, upper case, without spaces and hyphens. Throws `BAD_CARD`. */
export function normalisedCard(number: string): string {
  const normalised = number
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\u2010-]/gu, '')
    // What stood apart may compose now; the form of a form must be itself.
    .normalize('NFKC');
  if (!printable.test(normalised)) {
    throw new Refusal('BAD_CARD', 'invalid', 'A card number has 1 to 64 printable characters.', '/cards');
  }
  return normalised;
}

/** Keyed digest, base64url: the token of a normalised card number, or what tells one request from another. */
export function keyed(cardKey: Buffer, text: string): string {
  return createHmac('sha256', cardKey).update(text).digest('base64url');
}

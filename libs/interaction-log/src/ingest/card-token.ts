import { createHmac } from 'node:crypto';

const printable = /^[^\p{C}\p{Z}]{1,64}$/u;
const plain = /^[0-9A-Z]{1,64}$/;

/**
 * A card number in the form in which numbers are compared: NFKC, upper case, without spaces and hyphens. `null` when it
 * is not valid. The rule is the one by which cards are issued, so a card means the same everywhere.
 */
export function normalisedCard(number: string): string | null {
  if (plain.test(number)) return number;
  const normalised = number
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\u2010-]/gu, '')
    // Characters that were separated may compose now. Normalising the result must not change it.
    .normalize('NFKC');
  return printable.test(normalised) ? normalised : null;
}

/**
 * Keyed digest in base64url: the token of a normalised card number, or a digest that distinguishes one fact from
 * another.
 */
export function keyed(cardKey: Buffer, text: string): string {
  return createHmac('sha256', cardKey).update(text).digest('base64url');
}

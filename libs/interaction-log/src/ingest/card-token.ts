import { createHmac } from 'node:crypto';

const printable = /^[^\p{C}\p{Z}]{1,64}$/u;
const plain = /^[0-9A-Z]{1,64}$/;

/**
 * A card number as it is compared: NFKC, upper case, without spaces and hyphens; `null` when it is none. The rule is the one by
 * which cards are issued: a card means the same wherever it is named.
 */
export function normalisedCard(number: string): string | null {
  if (plain.test(number)) return number;
  const normalised = number
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\u2010-]/gu, '')
    // What stood apart may compose now; the form of a form must be itself.
    .normalize('NFKC');
  return printable.test(normalised) ? normalised : null;
}

/** Keyed digest, base64url: the token of a normalised card number, or what tells one fact from another. */
export function keyed(cardKey: Buffer, text: string): string {
  return createHmac('sha256', cardKey).update(text).digest('base64url');
}

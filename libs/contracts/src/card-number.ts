import { visibleOf } from './text.js';

const printable = /^[^\p{C}\p{Z}]{1,64}$/u;
const plain = /^[0-9A-Z]{1,64}$/;

/**
 * A card number in the form in which numbers are compared: NFKC, upper case, without spaces, hyphens and invisible
 * characters. `null` when it is not 1 to 64 printable characters. A card means the same wherever it is issued or used.
 */
export function normalisedCard(number: string): string | null {
  if (plain.test(number)) return number;
  const normalised = visibleOf(number.normalize('NFKC'))
    .toUpperCase()
    .replace(/[\s\u2010-]/gu, '')
    // Characters that were separated may compose now. Normalising the result must not change it.
    .normalize('NFKC');
  return printable.test(normalised) ? normalised : null;
}

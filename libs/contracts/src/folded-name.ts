import { visibleOf } from './text.js';

const accents = /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu;
const quotes = /['’‘ʼʻ`´]/gu;
const separators = /[\s\p{P}]+/gu;

/**
 * A name in the form in which names are compared: compatibility forms, invisible characters, case, accents,
 * apostrophes and spacing are folded. Marks stay in scripts where they are letters (Devanagari, Thai, Arabic …); only Latin, Greek and Cyrillic
 * lose them.
 */
export function foldedName(name: string): string {
  return visibleOf(name.normalize('NFKC'))
    .replace(quotes, '')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .replace(separators, ' ')
    .trim();
}

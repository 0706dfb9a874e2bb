import { lineOf } from '@readership/contracts';

/** What two spellings of one category have in common: compatibility forms, case and spaces do not count. */
export function foldedCategory(written: string): string {
  // By way of upper case, because ß and ς have no lower case of their own.
  return lineOf(written.normalize('NFKC').toUpperCase().toLowerCase()).normalize('NFKC');
}

/** A category as it is shown: composed, and with single spaces only. */
export function shownCategory(written: string): string {
  return written.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/** What two spellings of one category have in common: compatibility forms, case and spaces do not count. */
export function foldedCategory(written: string): string {
  // By way of upper case, because ß and ς have no lower case of their own.
  return shownCategory(written.normalize('NFKC').toUpperCase().toLowerCase()).normalize('NFKC');
}

/** ISO 15924 codes of the scripts in use that are written from right to left. */
const rightToLeft = new Set([
  ...['Adlm', 'Arab', 'Aran', 'Hebr', 'Mand', 'Nkoo', 'Rohg', 'Samr', 'Syrc', 'Syre', 'Syrj', 'Syrn', 'Thaa'],
  ...['Gara', 'Mend', 'Yezi'],
]);

/** The direction in which a language is written, by the script that its BCP 47 tag names or implies. */
export function textDirection(language: string): 'ltr' | 'rtl' {
  try {
    return rightToLeft.has(new Intl.Locale(language).maximize().script ?? '') ? 'rtl' : 'ltr';
  } catch {
    // Tags were once accepted without a check of their structure.
    return 'ltr';
  }
}

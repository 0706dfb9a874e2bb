import { foldedCategory } from './category.js';

describe('a category', () => {
  it.each([
    ['Staff', 'staff', 'STAFF', ' staff ', '\uff33taff'],
    ['IT & media', 'it  &  media', 'IT\u00a0& Media'],
    ['Geb\u00e4ude', 'Geba\u0308ude', 'GEB\u00c4UDE'],
    ['Straße', 'STRASSE', 'strasse'],
    ['Χώρος', 'ΧΏΡΟΣ'],
  ])('is one in all its spellings: %s', (...spellings) => {
    expect(new Set(spellings.map(foldedCategory)).size).toBe(1);
  });

  it('is another when it says something else', () =>
    expect(new Set(['staff', 'stuff', 'staff 2', 'Gebaude', 'Gebäude'].map(foldedCategory)).size).toBe(5));

  it('folds once: its folded form is its own', () => {
    for (const spelling of ['Straße', 'ﬁnance', 'İstanbul', 'ΧΏΡΟΣ', 'a\u2003 b'])
      expect(foldedCategory(foldedCategory(spelling))).toBe(foldedCategory(spelling));
  });
});

import { normalisedCard } from './card-number.js';

describe('a card number', () => {
  it.each([
    ['ab 12-34', 'AB1234'],
    ['  0012 ', '0012'],
    ['ＡＢ１', 'AB1'],
    ['a\u20111', 'A1'],
    ['karte-ß', 'KARTESS'],
    ['e \u03011', '\u00c91'],
    ['\u0390', '\u03aa\u0301'],
    ['\u202a0012\u200b\u202c\ufeff', '0012'],
  ])('%j is compared as %j', (raw, normalised) => {
    expect(normalisedCard(raw)).toBe(normalised);
    expect(normalisedCard(normalised)).toBe(normalised);
  });

  it.each(['', ' - ', 'a\u0007', 'x'.repeat(65), '\u200b', '\u3164'])('%j is none', (raw) =>
    expect(normalisedCard(raw)).toBeNull(),
  );
});

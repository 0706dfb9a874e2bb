import { keyed, normalisedCard } from './card-number.js';

describe('a card number', () => {
  it.each([
    ['ab 12-34', 'AB1234'],
    ['  0012 ', '0012'],
    ['ＡＢ１', 'AB1'],
    ['a\u20111', 'A1'],
    ['karte-ß', 'KARTESS'],
    ['e \u03011', '\u00c91'],
    ['\u0390', '\u03aa\u0301'],
  ])('%j is compared as %j', (raw, normalised) => {
    expect(normalisedCard(raw)).toBe(normalised);
    expect(normalisedCard(normalised)).toBe(normalised);
  });

  it.each(['', ' - ', 'a\u0007', 'x'.repeat(65), '\u200b'])('%j is refused', (raw) =>
    expect(() => normalisedCard(raw)).toThrow('BAD_CARD'),
  );

  it('gives one token of 43 characters under one key', () => {
    const token = keyed(Buffer.alloc(32, 1), 'AB1234');
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(keyed(Buffer.alloc(32, 1), 'AB1234')).toBe(token);
    expect(keyed(Buffer.alloc(32, 2), 'AB1234')).not.toBe(token);
  });
});

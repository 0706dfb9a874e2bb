import { nameSearch } from './name-search.js';

describe('a search by name', () => {
  it.each([
    ['nord', 'Bücherei Nord'],
    ['NORD bucherei', 'Bücherei Nord'],
    ['Bu\u0308cherei', 'B\u00fccherei Nord'],
    ['bücherei', 'Stadtbücherei'],
    ['hauptstrasse', 'Hauptstraße 3'],
    ['HAUPTSTRASSE', 'Hauptstraße 3'],
    ["o'brien", 'O’Brien Library'],
    ['ils:no', 'urn:ils:north'],
    ['图书', '北京图书馆'],
    ['no 1', 'North 12'],
    ['  nord ', 'Nord'],
  ])('of %j finds %j', (q, name) => expect(nameSearch(q)(name)).toBe(true));

  it.each([
    ['1', 'Branch 21'],
    ['c', 'North (744C)'],
    ['or', 'North'],
  ])('of %j, which is short, does not find %j', (q, name) => expect(nameSearch(q)(name)).toBe(false));

  it('finds words in different texts', () => {
    expect(nameSearch('north tour-1')('TOUR-1', 'North')).toBe(true);
    expect(nameSearch('north tour-2')('TOUR-1', 'North')).toBe(false);
  });

  it.each(['', ' ', '-', '\u200b', '…', 'a'.repeat(201)])('of %j is refused', (q) =>
    expect(() => nameSearch(q)).toThrow(expect.objectContaining({ code: 'BAD_QUERY' })),
  );
});

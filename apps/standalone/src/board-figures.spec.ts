import {
  change,
  everyItem,
  missing,
  periodName,
  scopeChoices,
  shown,
  shownPoint,
} from '../assets/board-figures.js';

const cost = (currency: string) => ({ metric: 'cost-per-reader', unit: 'minor-per-reader', currency });
const share = { metric: 'satisfaction', unit: 'fraction' };
const readers = { metric: 'new-readers', unit: 'persons' };
/** Without the spaces that a locale puts between a number and its sign. */
const plain = (text: string) => text.replace(/\s/gu, ' ');

describe('a value on the board', () => {
  it.each([
    ['EUR', 123_456, '€1,234.56'],
    ['JPY', 123_456, '¥123,456'],
    ['KWD', 123_456, 'KWD 123.456'],
    ['CLP', 1_234.4, 'CLP 1,234'],
    ['USD', 7_500.5, '$75.01'],
    ['EUR', 0, '€0.00'],
  ])('in %s has as many decimals as the currency', (currency, minor, text) =>
    expect(plain(shown(cost(currency), minor, 'en'))).toBe(text),
  );

  it('is written as its unit is', () => {
    expect(shown(share, 0.7654, 'en')).toBe('76.5%');
    expect(shown({ metric: 'retention', unit: 'fraction' }, 0.5, 'en')).toBe('50%');
    expect(shown({ metric: 'frequency', unit: 'uses-per-reader' }, 12.25, 'en')).toBe('12.3');
    expect(shown(readers, 1_234, 'de')).toBe('1.234');
    expect([shown(readers, null), shown(readers, undefined), shown(readers, 0)]).toEqual([
      'no data',
      'no data',
      '0',
    ]);
  });
});

it('a hidden figure is called hidden, not missing', () => {
  const hidden = { value: null, suppressed: true };
  expect(shownPoint(readers, hidden)).toBe('hidden');
  expect(shownPoint(readers, { value: 5 })).toBe('5');
  expect(shownPoint(readers, undefined)).toBe('no data');
  expect(change(readers, hidden, { value: 5 })).toBe('not compared, because a figure is hidden');
  expect(change(readers, { value: 5 }, hidden)).toBe('not compared, because a figure is hidden');
  expect(missing({ complete: true, suppressed: true })).toBe(
    ' (hidden: it could tell about fewer than five people)',
  );
});

describe('a change on the board', () => {
  const of = (
    figure: Parameters<typeof change>[0],
    value: number | null,
    before: number | null | undefined,
  ) => plain(change(figure, { value }, before === undefined ? undefined : { value: before }, 'en'));

  it('of a share is told in points', () => {
    expect(of(share, 0.84, 0.8)).toBe('▲ up 4 points from 80% a year before');
    expect(of(share, 0.8, 0.81)).toBe('▼ down 1 point from 81% a year before');
    expect(of(share, 0.05, 0)).toBe('▲ up 5 points from 0% a year before');
    expect(of(share, 0.80004, 0.8)).toBe('unchanged, 80% a year before');
  });

  it('of anything else is told in per cent', () => {
    expect(of(readers, 84, 80)).toBe('▲ up 5% from 80 a year before');
    expect(of(cost('JPY'), 90, 100)).toBe('▼ down 10% from ¥100 a year before');
    expect(of(readers, 5, 0)).toBe('0 a year before');
    expect(of(readers, 0, 0)).toBe('unchanged, 0 a year before');
    expect(of(readers, 10_001, 10_000)).toBe('unchanged, 10,000 a year before');
  });

  it('needs both', () => {
    expect(of(readers, 5, null)).toBe('nothing to compare a year before');
    expect(of(readers, null, 5)).toBe('nothing to compare a year before');
    expect(of(readers, 5, undefined)).toBe('nothing to compare a year before');
  });
});

it('a period is written with the names of its months', () => {
  expect(periodName('2024-05')).toBe('May 2024');
  expect(periodName('2023-06/2024-05')).toBe('June 2023 to May 2024');
  expect(periodName('FY2024')).toBe('FY2024');
});

it('a point says what is missing in it', () => {
  expect(missing({ complete: true })).toBe('');
  expect(missing({ complete: false })).toBe(' (not complete yet)');
  expect(missing({ complete: true, covered: { with: 4, of: 4 } })).toBe('');
  expect(missing({ complete: false, covered: { with: 3, of: 4 } })).toBe(
    ' (costs are known for 3 of 4 months of branches)',
  );
});

it('a list is read to its end, page by page', async () => {
  const asked: string[] = [];
  const pages: Record<string, { items: unknown[]; nextCursor: string | null }> = {
    '/v1/branches?limit=200': { items: Array.from({ length: 200 }, (_, n) => n), nextCursor: 'a+b' },
    '/v1/branches?limit=200&cursor=a%2Bb': { items: [200], nextCursor: null },
  };
  const get = async (path: string) => {
    asked.push(path);
    return pages[path]!;
  };
  expect(await everyItem(get, '/v1/branches')).toHaveLength(201);
  expect(asked).toEqual(Object.keys(pages));
});

it('a scope that does not exist is named as unknown, and no other is chosen for it', () => {
  const [libraries, branches] = [[{ id: 'L', name: 'City' }], [{ id: 'B', name: 'North' }]];
  const known = scopeChoices(libraries, branches, 'branch:B');
  expect(known.map(([value]) => value)).toEqual(['consortium', 'library:L', 'branch:B']);
  expect(scopeChoices(libraries, branches, 'branch:X').at(-1)).toEqual(['branch:X', 'Unknown: branch:X']);
});

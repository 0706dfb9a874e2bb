import { mappingProblems, RowReader, sourceOf, type Mapping } from './csv-mapping.js';

const mapping: Mapping = { time: 'Period', branch: 'Where', kind: { const: 'visit' }, quantity: 'Count' };
const row = { Period: '2023-04-01/P3M', Where: 'NORTH', Count: '74302' };

const read = (change: Record<string, string> = {}, more: Mapping = {}, timeZone = 'UTC') =>
  new RowReader({ ...mapping, ...more }, '/import/visits', timeZone).read({ ...row, ...change }, 2);

describe('a row of a CSV file', () => {
  it('becomes an interaction at noon of the day that its period begins with', () => {
    expect(read()).toMatchObject({
      source: '/import/visits',
      time: '2023-04-01T12:00:00Z',
      data: { kind: 'visit', branch: 'NORTH', quantity: 74302 },
    });
  });

  it('keeps an instant and an id of its own', () => {
    const own = read({ Period: '2023-04-01T09:30:00+01:00', Id: 'a-1' }, { id: 'Id' });
    expect(own).toMatchObject({ id: 'a-1', time: '2023-04-01T09:30:00+01:00' });
  });

  it('leaves out what is mapped and empty', () => {
    const empty = {
      card: 'Card',
      channel: 'Channel',
      digital: 'Digital',
      readScale: 'Scale',
      details: 'Note',
    };
    const { data } = read({ Card: '', Channel: ' ', Digital: '', Note: '\u200b' }, empty) as { data: object };
    expect(data).toEqual({ kind: 'visit', branch: 'NORTH', quantity: 74302 });
  });

  it.each([
    ['Pacific/Auckland', '2024-01-31', '2024-01-30T23:00:00Z'],
    ['Pacific/Kiritimati', '2024-01-31', '2024-01-30T22:00:00Z'],
    ['America/Adak', '2024-01-31', '2024-01-31T22:00:00Z'],
    ['Europe/Vienna', '2024-03-31', '2024-03-31T10:00:00Z'],
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T14:00:00Z'],
    ['Asia/Kolkata', '2024-02-29', '2024-02-29T06:30:00Z'],
  ])('has a day alone at noon of that day in %s', (timeZone, Period, time) =>
    expect(read({ Period }, {}, timeZone)).toMatchObject({ time }),
  );

  it.each([
    '2024-01-31/2024-02-29',
    '2024-01-31/02-29',
    '2024-01-31/P1Y2M',
    '2024-01-31/PT36H',
    '2024-01-31/2024-02-01T00:00:00Z',
  ])('begins with the first day of the interval %s', (Period) =>
    expect(read({ Period })).toMatchObject({ time: '2024-01-31T12:00:00Z' }),
  );

  it.each([
    '2024-01-31/',
    '2024-01-31/xyz',
    '2024-01-31T10:00:00Z/garbage',
    '2024-01-31/P',
    '2024-01-31/P1D/P1D',
  ])('has no time when it is %s, which is no interval', (Period) =>
    expect(read({ Period })).toMatchObject({ code: 'BAD_TIME' }),
  );

  it('is of no day that its zone has left out', () =>
    expect(read({ Period: '2011-12-30' }, {}, 'Pacific/Apia')).toMatchObject({ code: 'BAD_TIME' }));

  it.each([
    ["'0012", '0012'],
    ['="0012"', '0012'],
    [" '0012 ", '0012'],
    ['0012', '0012'],
    ["O'Hara", "O'Hara"],
  ])('has the card %s as %s', (Card, card) =>
    expect(read({ Card }, { card: 'Card' })).toMatchObject({ data: { card } }),
  );

  it('reads the other fields in their types', () => {
    const more = {
      ...{ digital: { const: true }, startedBy: { const: 'library' }, readScale: { const: 3 } },
      ...{ channel: { const: 'desk' }, details: { const: 'asked' } },
    } as const;
    expect(read({}, more)).toMatchObject({
      data: { digital: true, startedBy: 'library', readScale: 3, channel: 'desk', details: 'asked' },
    });
  });

  it.each([
    [{ Period: '' }, {}, 'Period', 'MISSING'],
    [{ Where: ' ' }, {}, 'Where', 'MISSING'],
    [{ Period: '2023-04-31' }, {}, 'Period', 'BAD_TIME'],
    [{ Period: 'April' }, {}, 'Period', 'BAD_TIME'],
    [{ Count: '' }, {}, 'Count', 'MISSING'],
    [{ Count: ' \u00a0' }, {}, 'Count', 'MISSING'],
    [{ Count: '1,234' }, {}, 'Count', 'BAD_QUANTITY'],
    [{ Card: '2.1E+13' }, { card: 'Card' }, 'Card', 'CARD_ROUNDED'],
    [{ Card: "'2,1e+13" }, { card: 'Card' }, 'Card', 'CARD_ROUNDED'],
    [{ Count: '0' }, {}, 'Count', 'BAD_QUANTITY'],
    [{ Count: '1.5' }, {}, 'Count', 'BAD_QUANTITY'],
    [{ Kind: 'nap' }, { kind: 'Kind' }, 'Kind', 'UNKNOWN_KIND'],
    [{}, { digital: { const: 'maybe' } }, '', 'BAD_BOOLEAN'],
    [{}, { startedBy: { const: 'nobody' } }, '', 'BAD_STARTED_BY'],
    [{}, { readScale: { const: 'x' } }, '', 'BAD_READ_SCALE'],
  ] as const)('%j with %j is wrong at %j: %s', (change, more, column, code) => {
    const detail = expect.stringMatching(/^\S.*\.$/) as string;
    expect(read(change, more)).toEqual({ line: 2, column, code, detail });
  });

  it('has the id of its values and of how often they came before, whatever else the file says', () => {
    const ids = (rows: readonly Record<string, string>[]) => {
      const reader = new RowReader(mapping, '/import/visits', 'UTC');
      return rows.map((each, at) => (reader.read(each, at + 2) as { id: string }).id);
    };
    const [first, second, other] = ids([row, { ...row, Note: 'seen' }, { ...row, Count: '1' }]);
    expect(new Set([first, second, other]).size).toBe(3);
    expect(ids([row, row])).toEqual([first, second]);
  });
});

describe('a mapping', () => {
  it('fits a file that has its columns', () => {
    expect(mappingProblems(mapping, Object.keys(row))).toEqual([]);
  });

  it('is refused when the file has one of its columns twice, but not for others', () => {
    expect(mappingProblems(mapping, ['Period', 'Where', 'Count', 'Count'])).toEqual([
      expect.stringContaining('quantity comes from the column Count, which the file has 2 times'),
    ]);
    expect(mappingProblems(mapping, ['Period', 'Where', 'Count', 'Note', 'Note'])).toEqual([]);
  });

  it('is refused when a field is mapped to nothing that is a column or a constant', () => {
    const odd = { ...mapping, channel: 5, digital: null } as unknown as Mapping;
    expect(mappingProblems(odd, Object.keys(row))).toHaveLength(2);
  });

  it('makes a source that is the same for the same fields, in any order, and another for others', () => {
    const { time, ...rest } = mapping;
    expect(sourceOf({ ...rest, time: time! })).toBe(sourceOf(mapping));
    expect(sourceOf({ ...mapping, kind: { const: 'loan' } })).not.toBe(sourceOf(mapping));
  });

  it('is told what it lacks, what it invents and what the file does not have', () => {
    const problems = mappingProblems(
      { time: 'When', shelf: 'Where', kind: { const: 'visit' } },
      Object.keys(row),
    );
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/lacks branch[^]*column When[^]*shelf is not a field/);
  });
});

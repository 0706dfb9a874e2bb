import { mappingProblems, RowReader, type Mapping } from './csv-mapping.js';

const mapping: Mapping = { time: 'Period', branch: 'Where', kind: { const: 'visit' }, quantity: 'Count' };
const row = { Period: '2023-04-01/P3M', Where: 'NORTH', Count: '74302' };

const read = (change: Record<string, string> = {}, more: Mapping = {}) =>
  new RowReader({ ...mapping, ...more }, '/import/visits.csv').read({ ...row, ...change }, 2);

describe('a row of a CSV file', () => {
  it('becomes an interaction at noon of the day that its period begins with', () => {
    expect(read()).toMatchObject({
      source: '/import/visits.csv',
      time: '2023-04-01T12:00:00Z',
      data: { kind: 'visit', branch: 'NORTH', quantity: 74302 },
    });
  });

  it('keeps an instant and an id of its own', () => {
    const own = read({ Period: '2023-04-01T09:30:00+01:00', Id: 'a-1' }, { id: 'Id' });
    expect(own).toMatchObject({ id: 'a-1', time: '2023-04-01T09:30:00+01:00' });
  });

  it('leaves out what is mapped and empty', () => {
    const { data } = read({ Count: ' ', Card: '' }, { card: 'Card' }) as { data: object };
    expect(data).toEqual({ kind: 'visit', branch: 'NORTH' });
  });

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
    [{ Count: '0' }, {}, 'Count', 'BAD_QUANTITY'],
    [{ Count: '1.5' }, {}, 'Count', 'BAD_QUANTITY'],
    [{ Kind: 'nap' }, { kind: 'Kind' }, 'Kind', 'UNKNOWN_KIND'],
    [{}, { digital: { const: 'maybe' } }, '', 'BAD_BOOLEAN'],
    [{}, { startedBy: { const: 'nobody' } }, '', 'BAD_STARTED_BY'],
    [{}, { readScale: { const: 'x' } }, '', 'BAD_READ_SCALE'],
  ] as const)('%j with %j is wrong at %j: %s', (change, more, column, code) => {
    expect(read(change, more)).toEqual({ line: 2, column, code });
  });

  it('has the id of its values and of how often they came before, whatever else the file says', () => {
    const ids = (rows: readonly Record<string, string>[]) => {
      const reader = new RowReader(mapping, '/import/visits.csv');
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

  it('is told what it lacks, what it invents and what the file does not have', () => {
    const problems = mappingProblems(
      { time: 'When', shelf: 'Where', kind: { const: 'visit' } },
      Object.keys(row),
    );
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/lacks branch[^]*column When[^]*shelf is not a field/);
  });
});

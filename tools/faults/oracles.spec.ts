import type { LogRecord } from '@readership/kernel';
import type { ContextAudit } from '@readership/client';
import type { Model, StoredEvent } from './evidence.fixture.js';
import {
  accountedFor,
  equalToHistory,
  equalToRefold,
  inOrder,
  nothingElsePublished,
  storedOnce,
  type Expected,
} from './oracles.js';

/** A correct run: two facts of one interaction, published, and one that is private. */
const events: readonly StoredEvent[] = [
  event(1, 'InteractionRecorded', { branch: 'A' }),
  event(2, 'InteractionCorrected', { branch: 'B' }),
  { ...event(3, 'Noted', {}), fact: null },
];
const records: readonly LogRecord[] = [record(1, 0), record(2, 1)];
const expected: readonly Expected[] = [
  { context: 'c', stream: 's', type: 'InteractionRecorded', says: { branch: 'A' }, least: 1, most: 1 },
];
const model: Model = {
  context: 'c',
  model: 'm.v1',
  rows: new Map([['k', '{"uses":1}']]),
  cells: new Map([['uses|A|2024-01', 1]]),
};
const account: ContextAudit = {
  context: 'c',
  partitions: [{ partition: 0, recorded: 3, published: 2, privateOnly: 1, unpublished: 0 }],
  projections: [{ name: 'm.v1', partition: 0, published: 2, applied: 1, skipped: 1, parked: 0, lag: 0 }],
  jobs: 0,
  holds: true,
};

function event(version: number, type: string, data: object): StoredEvent {
  const fact = JSON.stringify([type, 1, data]);
  return {
    context: 'c',
    stream: 's',
    version,
    partition: 0,
    position: version,
    id: `id-${version}`,
    type,
    data,
    fact,
  };
}

function record(position: number, previous: number): LogRecord {
  const { type, data, id } = events[position - 1]!;
  return {
    partition: 0,
    offset: position,
    context: 'c',
    position,
    previous,
    key: 'k',
    type,
    schema: 1,
    stream: 's',
    id,
    time: '2024-01-01T00:00:00.000Z',
    recordedAt: '2024-01-01T00:00:00.000Z',
    actor: 'a',
    body: JSON.stringify(data),
  };
}

describe('that every acknowledged fact is stored once', () => {
  it('holds', () => expect(storedOnce(events, expected)).toEqual([]));

  it('fails when one is lost', () =>
    expect(
      storedOnce(
        events.slice(1).map((each, at) => ({ ...each, version: at + 1 })),
        expected,
      ),
    ).toEqual(['O1 c s holds 0 InteractionRecorded, not 1']));

  it('fails when one says something else', () =>
    expect(storedOnce([{ ...events[0]!, data: { branch: 'B' } }], expected)).toHaveLength(1));

  it('fails when one is stored twice', () =>
    expect(storedOnce([...events, { ...events[0]!, version: 4, position: 4 }], expected)).toEqual([
      'O1 c s holds 2 InteractionRecorded, not 1',
    ]));

  it('fails when a version is missing, and when one is there twice', () => {
    expect(storedOnce([events[0]!, events[2]!], expected)).toEqual(['O1 c s has the versions 1 3']);
    expect(storedOnce([...events, events[2]!], expected)).toEqual(['O1 c s has the versions 1 2 3 3']);
  });
});

describe('that a live model is what a refold gives', () => {
  it('holds', () => expect(equalToRefold([model], [model])).toEqual([]));

  it('fails on a wrong row, a missing one and one too many', () => {
    const rows = (entries: readonly [string, string][]) => ({ ...model, rows: new Map(entries) });
    expect(equalToRefold([rows([['k', '{"uses":2}']])], [model])).toHaveLength(1);
    expect(equalToRefold([rows([])], [model])).toHaveLength(1);
    expect(equalToRefold([rows([...model.rows, ['l', '{}']])], [model])).toHaveLength(1);
  });

  it('fails on a wrong cell', () =>
    expect(equalToRefold([{ ...model, cells: new Map([['uses|A|2024-01', 2]]) }], [model])).toEqual([
      'O2 c m.v1 has 1 wrong cells: uses|A|2024-01: 2 instead of 1',
    ]));

  it('fails when a model is missing, and when one is left behind', () => {
    expect(equalToRefold([], [model])).toEqual(['O2 c m.v1 is not there']);
    expect(equalToRefold([model], [])).toEqual(['O2 c m.v1 is kept, and nobody folds it']);
  });
});

describe('that the figures are those of the history', () => {
  it('holds', () => expect(equalToHistory([{ name: 'visits', expected: 3, found: 3 }])).toEqual([]));

  it('fails on another number, and on none', () => {
    expect(equalToHistory([{ name: 'visits', expected: 3, found: 4 }])).toHaveLength(1);
    expect(equalToHistory([{ name: 'visits', expected: 0, found: null }])).toHaveLength(1);
  });
});

describe('that positions come in their order', () => {
  it('holds, also when something comes again', () =>
    expect(inOrder([...records, ...records, records[0]!])).toEqual([]));

  it('fails when one is passed over', () => expect(inOrder([records[1]!])).toHaveLength(1));

  it('fails when a later one came first', () =>
    expect(inOrder([records[1]!, records[0]!])).toContain('O4 c/0/1 came after 2'));

  it('fails when a position comes again as something else', () =>
    expect(inOrder([...records, { ...records[0]!, body: '{}' }])).toHaveLength(1));
});

describe('that everything is accounted for', () => {
  it('holds', () => expect(accountedFor([account], 0)).toEqual([]));

  it('fails when something was recorded that was not published', () => {
    const partitions = [{ ...account.partitions[0]!, published: 1 }];
    expect(accountedFor([{ ...account, partitions }], 0)).toHaveLength(1);
  });

  it('fails when something is parked that nobody knows of, and while something waits', () => {
    const projections = [{ ...account.projections[0]!, applied: 0, parked: 1 }];
    expect(accountedFor([{ ...account, projections }], 0)).toHaveLength(1);
    const behind = [{ ...account.projections[0]!, applied: 0, lag: 1 }];
    expect(accountedFor([{ ...account, projections: behind }], 0)).toHaveLength(1);
  });

  it('fails when a context itself says so', () =>
    expect(accountedFor([{ ...account, holds: false }], 0)).toHaveLength(1));
});

describe('that the log says what the store says', () => {
  it('holds', () => expect(nothingElsePublished([records], events)).toEqual([]));

  it('fails on a record of what was never stored', () =>
    expect(nothingElsePublished([records], events.slice(1))).toEqual([
      'O6 c/0/1 is on the log and not in the store',
    ]));

  it('fails on a record of what is private', () =>
    expect(nothingElsePublished([[...records, { ...records[0]!, position: 3 }]], events)).toHaveLength(1));

  it('fails on one that says something else', () =>
    expect(nothingElsePublished([[{ ...records[0]!, body: '{}' }, records[1]!]], events)).toHaveLength(1));

  it('fails when a fact was never published', () =>
    expect(nothingElsePublished([[records[0]!]], events)).toEqual(['O6 c/0/2 was never published']));
});

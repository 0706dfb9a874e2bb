import { Refusal, start, type Batch, type Parked, type RowChange } from '@readership/kernel';
import { cellId, collectionsIn } from './documents.js';
import { MongoReadModels } from './mongo-read-models.js';
import { interrupted, pausing, stopping, type Between } from '../../testing/interrupted-writes.fixture.js';
import { scratchDatabase, type ScratchDatabase } from '../../testing/scratch-database.fixture.js';

const model = 'readers.v1';
const spaced = 'a key of words';

const row = (n: number, ...names: string[]): RowChange => ({ row: { n }, indexes: { name: names } });
const gone: RowChange = { row: null, indexes: {} };
const parkedAt = (offset: number): Parked => ({
  key: 'k',
  offset,
  context: 'profile',
  position: offset,
  type: 'Noted',
  reason: 'CANNOT_APPLY',
});

function batch(
  from: number,
  offset: number,
  rows: Record<string, RowChange>,
  cells: Record<string, number>,
  parked: readonly Parked[] = [],
  unparked: readonly number[] = [],
): Batch {
  const to = { ...start, offset, lanes: { profile: offset }, recordedAt: '2026-03-01T10:00:00.000Z' };
  return {
    from,
    to,
    rows: new Map(Object.entries(rows)),
    cells: new Map(Object.entries(cells)),
    parked,
    unparked,
  };
}

/** The second batch replaces, deletes and adds; it is the one that is interrupted. The third undoes much of it. */
const history: readonly [Batch, Batch, Batch] = [
  batch(
    0,
    5,
    { ada: row(1, 'Ada', 'Lovelace'), bob: row(1, 'Bob'), cy: row(1, 'Cy') },
    { x: 1, y: 2, z: 3 },
    [parkedAt(3)],
  ),
  batch(
    1,
    9,
    { ada: row(2, 'Ada', 'Byron'), bob: gone, cy: row(2, 'Cy'), dee: row(2, 'Dee') },
    { x: 4, y: -2, w: 7 },
    [parkedAt(8)],
    [3],
  ),
  batch(2, 12, { ada: row(3, 'Ada', 'Lovelace'), bob: row(3, 'Bob'), dee: gone }, { x: -1, w: -7 }),
];
const [first, second, third] = history;
/** The head, 2 new entries, 3 cells, 1 parked record and 1 no longer parked, 4 rows, 2 removed entries, the mark. */
const writesOfSecond = 15;

const owner = (place: ScratchDatabase, between?: Between): MongoReadModels =>
  new MongoReadModels(between ? interrupted(place.database, between) : place.database, 1);

const unhindered: Between = (documents, write) => write(documents);

/** The result of every read, by an owner that remembers nothing. */
async function stateOf(place: ScratchDatabase): Promise<object> {
  const port = owner(place);
  const page = { limit: 100 };
  return {
    checkpoint: await port.checkpoint(model, 0),
    rows: (await port.all(model, page)).rows,
    found: (await port.find(model, 'name', { prefix: '' }, page)).rows.map(({ key }) => key),
    lovelaces: (await port.find(model, 'name', { value: 'Lovelace' }, page)).rows.map(({ key }) => key),
    cells: Object.fromEntries([...(await port.cells(model, [{ from: '', to: '\uffff' }]))].sort()),
    parked: await port.parked(model, 0, page),
  };
}

/** Every document in place. */
async function documentsOf(place: ScratchDatabase): Promise<object> {
  const { rows, entries, cells, parked } = collectionsIn(place.database);
  const all = [rows, entries, cells, parked].map((collection) => (collection as typeof entries).find());
  return Promise.all(all.map((found) => found.sort({ _id: 1 }).toArray()));
}

async function on<T>(work: (place: ScratchDatabase) => Promise<T>): Promise<T> {
  const place = await scratchDatabase('models');
  try {
    return await work(place);
  } finally {
    await place.remove();
  }
}

async function commits(port: MongoReadModels, ...batches: readonly Batch[]): Promise<void> {
  for (const one of batches) expect(await port.commit(model, 0, one)).toBe('committed');
}

/** The state after none, one, two and three batches when nothing is interrupted. */
const undisturbed = (): Promise<object[]> =>
  on(async (place) => {
    const states = [await stateOf(place)];
    const port = owner(place);
    for (const one of history) {
      await commits(port, one);
      states.push(await stateOf(place));
    }
    return states;
  });

/** A new owner begins at the checkpoint. The result must be as if each batch had happened once. */
async function goesOn(place: ScratchDatabase, states: readonly object[]): Promise<void> {
  const port = owner(place);
  const { offset } = await port.checkpoint(model, 0);
  expect([5, 9]).toContain(offset);
  expect(await stateOf(place)).toEqual(states[offset === 5 ? 1 : 2]);
  await commits(port, ...(offset === 5 ? [second, third] : [third]));
  expect(await stateOf(place)).toEqual(states[3]);
}

describe('a commit that stops', () => {
  let states: object[];
  beforeAll(async () => {
    states = await undisturbed();
  });

  for (const unheard of [false, true]) {
    const when = unheard ? 'when a write was done and its reply is lost' : 'between two writes';
    it(`${when} has happened wholly or not at all, and another owner goes on`, async () => {
      for (let writes = unheard ? 1 : 0; writes <= writesOfSecond; writes++) {
        await on(async (place) => {
          await commits(owner(place), first);
          const attempt = owner(place, stopping(writes, unheard)).commit(model, 0, second);
          if (writes === writesOfSecond && !unheard) expect(await attempt).toBe('committed');
          else await expect(attempt).rejects.toThrow('stopped');
          await goesOn(place, states);
        });
      }
    });
  }

  it('is finished by another owner, also when that one stops as well', async () => {
    for (let writes = 1; writes < writesOfSecond; writes++) {
      await on(async (place) => {
        await commits(owner(place), first);
        await expect(owner(place, stopping(writes)).commit(model, 0, second)).rejects.toThrow('stopped');
        const again = owner(place, stopping((5 * writes) % (writesOfSecond - 1)));
        await expect(again.commit(model, 0, third)).rejects.toThrow('stopped');
        await goesOn(place, states);
      });
    }
  });

  it('leaves an owner that can go on where it was', async () => {
    for (const writes of [0, 1, 5]) {
      await on(async (place) => {
        let now = unhindered;
        const port = owner(place, (documents, write) => now(documents, write));
        await commits(port, first);
        now = stopping(writes);
        await expect(port.commit(model, 0, second)).rejects.toThrow('stopped');
        now = unhindered;
        const { offset } = await port.checkpoint(model, 0);
        await commits(port, ...(offset === 5 ? [second, third] : [third]));
        expect(await stateOf(place)).toEqual(states[3]);
      });
    }
  });
});

describe('a former owner that was paused', () => {
  it('changes nothing when it goes on after later commits, and leaves no value behind', async () => {
    const states = await undisturbed();
    for (let writes = 0; writes < writesOfSecond; writes++) {
      await on(async (place) => {
        await commits(owner(place), first);
        const { between, reached, goOn } = pausing(writes);
        const former = owner(place, between);
        const late = former.commit(model, 0, second);
        await reached;
        const reader = owner(place);
        const named = async (value: string) =>
          (await reader.find(model, 'name', { value }, { limit: 9 })).rows.map(({ key }) => key);
        expect(await named('Ada')).toEqual(['ada']);
        expect([...(await named('Lovelace')), ...(await named('Byron'))]).toEqual(['ada']);

        await goesOn(place, states);
        const before = await documentsOf(place);
        goOn();
        expect(await late).toBe(writes === 0 ? 'stale' : 'committed');
        expect(await former.commit(model, 0, batch(2, 9, {}, { x: 100 }))).toBe('stale');
        expect(await stateOf(place)).toEqual(states[3]);
        expect(await documentsOf(place)).toEqual(before);
      });
    }
  });

  it('is refused with what it remembered, and counts from what the other left', async () => {
    await on(async (place) => {
      const [one, other] = [owner(place), new MongoReadModels(await place.connect(), 1)];
      await commits(one, batch(0, 1, {}, { visits: 1 }));
      await commits(other, batch(1, 2, {}, { visits: 10 }));
      expect(await one.commit(model, 0, batch(1, 2, {}, { visits: 100 }))).toBe('stale');
      await commits(one, batch(2, 3, {}, { visits: 1000 }));
      await commits(other, batch(3, 4, {}, { visits: 10_000 }));
      expect(await one.cells(model, [{ from: '', to: '~' }])).toEqual(new Map([['visits', 11_011]]));
    });
  });

  it('does not take a model that was dropped and begun anew for its own', async () => {
    await on(async (place) => {
      const [one, other] = [owner(place), owner(place)];
      await commits(one, batch(0, 1, {}, { visits: 1 }));
      await other.drop(model);
      await commits(other, batch(0, 1, {}, { visits: 10 }));
      expect(await one.commit(model, 0, batch(1, 2, {}, { visits: 100 }))).toBe('stale');
      expect(await one.cells(model, [{ from: '', to: '~' }])).toEqual(new Map([['visits', 10]]));
    });
  });
});

describe('two owners', () => {
  it('who commit from one checkpoint at once: one of them does, and the result is its own', async () => {
    await on(async (place) => {
      const owners = [owner(place), new MongoReadModels(await place.connect(), 1)];
      for (let from = 0; from < 30; from++) {
        const outcomes = await Promise.all(
          owners.map((port, n) =>
            port.commit(model, 0, batch(from, from + 1, { [spaced]: row(n, `of ${n}`) }, { visits: 1 })),
          ),
        );
        expect([...outcomes].sort()).toEqual(['committed', 'stale']);
        const winner = outcomes.indexOf('committed');
        expect(await owners[1 - winner]!.get(model, spaced)).toEqual({ n: winner });
        const by = { prefix: 'of' };
        const found = await owners[0]!.find(model, 'name', by, { limit: 5 });
        expect(found.rows).toEqual([{ key: spaced, row: { n: winner } }]);
        expect(await owners[0]!.cells(model, [{ from: '', to: '~' }])).toEqual(
          new Map([['visits', from + 1]]),
        );
      }
    });
  });

  it('who put one new document at once: the higher revision stays, whoever came first', async () => {
    await on(async (place) => {
      const { cells } = collectionsIn(place.database);
      const older = ['a', 'b'].map((cell) => ({ _id: cellId(model, 0, cell), rev: 1, cell, n: 666 }));
      let overtaken = false;
      // An older copy is inserted after the document was looked for and before it is inserted here.
      const port = owner(place, async (documents, write) => {
        if (documents !== older.length || overtaken) return write(documents);
        overtaken = true;
        await cells.insertMany(older);
        return cells.bulkWrite(
          older.map(({ _id, ...replacement }) => ({
            replaceOne: { filter: { _id, rev: { $lt: 0 } }, replacement, upsert: true },
          })),
          { ordered: false },
        );
      });
      await commits(port, batch(0, 1, {}, { a: 1, b: 2 }));
      expect(overtaken).toBe(true);
      expect(Object.fromEntries(await port.cells(model, [{ from: '', to: '~' }]))).toEqual({ a: 1, b: 2 });
    });
  });
});

describe('a batch', () => {
  it('of more than 8 MiB is refused before anything is written', async () => {
    await on(async (place) => {
      const port = owner(place, stopping(0));
      const text = 'x'.repeat(1024);
      const rows = Object.fromEntries(
        Array.from({ length: 8192 }, (_, n) => [`k${n}`, { row: { text }, indexes: {} }]),
      );
      const refused = port.commit(model, 0, batch(0, 1, rows, {}));
      await expect(refused).rejects.toThrow(Refusal);
      await expect(refused).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE', kind: 'invalid' });
      expect(await port.models()).toEqual([]);
    });
  });
});

describe('a drop', () => {
  it('that stops is ended by another one, and leaves nothing', async () => {
    for (let writes = 0; writes <= 5; writes++) {
      await on(async (place) => {
        await commits(owner(place), ...history);
        const attempt = owner(place, stopping(writes)).drop(model);
        if (writes === 5) await attempt;
        else await expect(attempt).rejects.toThrow('stopped');
        await owner(place).drop(model);
        expect(await documentsOf(place)).toEqual([[], [], [], []]);
        expect(await owner(place).models()).toEqual([]);
      });
    }
  });
});

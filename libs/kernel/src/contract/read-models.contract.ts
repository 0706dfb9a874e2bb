import assert from 'node:assert/strict';
import { partitionOf } from '../partition.js';
import {
  start,
  type Batch,
  type Checkpoint,
  type Page,
  type Parked,
  type ReadModels,
  type RowChange,
} from '../read-models.js';
import { partitionsOf } from './event-store.contract.js';
import type { ContractCase, Fixture } from './contract.js';

export type ReadModelsFixture = Fixture<ReadModels>;
type Case = ContractCase<ReadModelsFixture>;

const model = 'readers.v1';

export function checkpointAt(offset: number): Checkpoint {
  return {
    offset,
    lanes: { profile: offset, feedback: 2 * offset },
    recordedAt: '2026-03-01T10:00:00.000Z',
    applied: offset,
    skipped: 1,
    parked: 0,
  };
}

/** A batch from one offset to another. */
export function batchOf(from: number, to: number, more: Partial<Batch> = {}): Batch {
  return { from, to: checkpointAt(to), rows: new Map(), cells: new Map(), parked: [], ...more };
}

const rowsOf = (rows: Record<string, object | null>, values: (key: string) => readonly string[] = () => []) =>
  new Map<string, RowChange>(
    Object.entries(rows).map(([key, row]) => [
      key,
      { row, indexes: row === null ? {} : { name: values(key) } },
    ]),
  );

const parkedAt = (offset: number, key = 'k'): Parked => ({
  key,
  offset,
  context: 'profile',
  position: offset,
  type: 'Noted',
  reason: 'CANNOT_APPLY',
});

/** Commits one batch per partition with those of the rows that lie in it. */
async function fill(
  fixture: ReadModelsFixture,
  from: number,
  rows: ReadonlyMap<string, RowChange>,
  of = model,
) {
  for (const partition of partitionsOf(fixture)) {
    const own = [...rows].filter(([key]) => partitionOf(key, fixture.partitions) === partition);
    assert.equal(
      await fixture.port.commit(of, partition, batchOf(from, from + 1, { rows: new Map(own) })),
      'committed',
    );
  }
}

type Asked = { after?: string; limit: number };

/** The keys of all pages; between pages something may happen. */
async function keysOf(
  read: (page: Asked) => Promise<Page<object>>,
  limit: number,
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const keys: string[] = [];
  for (let page = 1, after: string | null = null; ; page++) {
    const { rows, next }: Page<object> = await read({ limit, ...(after === null ? {} : { after }) });
    assert.ok(rows.length <= limit, `a page of at most ${limit}`);
    keys.push(...rows.map(({ key }) => key));
    if (next === null) return keys;
    assert.ok(page < 1000, 'a list ends');
    assert.notEqual(next, after, 'a page leads on');
    after = next;
    await between(page);
  }
}

const cellsOf = async (port: ReadModels, of = model) =>
  Object.fromEntries([...(await port.cells(of, '', '\uffff'))].filter(([, n]) => n !== 0));

/** Everything of a model, to see that nothing changed. */
async function stateOf(fixture: ReadModelsFixture, of = model): Promise<unknown> {
  const rows: unknown[] = [];
  for (const key of await keysOf((page) => fixture.port.all(of, page), 100))
    rows.push([key, await fixture.port.get(of, key)]);
  return {
    rows: rows.sort(),
    cells: await cellsOf(fixture.port, of),
    checkpoints: await Promise.all(partitionsOf(fixture).map((p) => fixture.port.checkpoint(of, p))),
    parked: await Promise.all(partitionsOf(fixture).map((p) => fixture.port.parked(of, p, { limit: 100 }))),
    found: await keysOf((page) => fixture.port.find(of, 'name', { prefix: '' }, page), 100),
  };
}

/** A key that lies in partition 0. */
const near = (fixture: ReadModelsFixture, word: string) => {
  for (let n = 0; ; n++) if (partitionOf(`${word}${n}`, fixture.partitions) === 0) return `${word}${n}`;
};

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

export const readModelsContract: readonly Case[] = [
  {
    name: 'a checkpoint begins before everything',
    async run(fixture) {
      assert.equal(fixture.port.partitions, fixture.partitions);
      for (const p of partitionsOf(fixture)) assert.deepEqual(await fixture.port.checkpoint(model, p), start);
      assert.deepEqual([...(await fixture.port.models())], []);
      assert.equal(await fixture.port.get(model, 'k'), null);
      assert.deepEqual(await cellsOf(fixture.port), {});
    },
  },
  {
    name: 'what commit stored is seen by every later read: rows, cells, parked records and checkpoint',
    async run(fixture) {
      const { port } = fixture;
      const key = near(fixture, 'k');
      const row = { text: 'Ünïcødé "quoted" \u2028 😀', nested: [1.5, null, { deep: true }], empty: {} };
      const batch = batchOf(0, 7, {
        rows: rowsOf({ [key]: row }, () => ['Ada']),
        cells: new Map([
          ['visits', 3],
          ['loans', -1],
        ]),
        parked: [parkedAt(6)],
      });
      assert.equal(await port.commit(model, 0, batch), 'committed');
      assert.deepEqual(await port.get(model, key), row);
      assert.deepEqual([...(await port.getMany(model, [key, 'absent']))], [[key, row]]);
      assert.deepEqual(await keysOf((page) => port.find(model, 'name', { value: 'Ada' }, page), 5), [key]);
      assert.deepEqual(await cellsOf(port), { visits: 3, loans: -1 });
      assert.deepEqual(await port.parked(model, 0, { limit: 9 }), [parkedAt(6)]);
      assert.deepEqual(await port.checkpoint(model, 0), checkpointAt(7));
    },
  },
  {
    name: 'what was committed is durable',
    async run(fixture) {
      const key = near(fixture, 'k');
      const rows = rowsOf({ [key]: { n: 1 } }, () => ['Ada']);
      await fixture.port.commit(
        model,
        0,
        batchOf(0, 3, { rows, cells: new Map([['visits', 3]]), parked: [parkedAt(2)] }),
      );
      const before = await stateOf(fixture);
      await fixture.reopen();
      assert.deepEqual(await stateOf(fixture), before);
      assert.deepEqual(await fixture.port.get(model, key), { n: 1 });
      assert.deepEqual([...(await fixture.port.models())], [model]);
      assert.equal(await fixture.port.commit(model, 0, batchOf(3, 4)), 'committed');
    },
  },
  {
    name: 'when the checkpoint is not at from, commit answers stale and changes nothing',
    async run(fixture) {
      const key = near(fixture, 'k');
      const change = (n: number) => ({
        rows: rowsOf({ [key]: { n } }, () => [`name ${n}`]),
        cells: new Map([['visits', n]]),
        parked: [parkedAt(100 + n)],
      });
      assert.equal(await fixture.port.commit(model, 0, batchOf(5, 6, change(1))), 'stale');
      await fixture.port.commit(model, 0, batchOf(0, 3, change(2)));
      const before = await stateOf(fixture);
      for (const from of [0, 2, 4]) {
        assert.equal(
          await fixture.port.commit(model, 0, batchOf(from, 9, change(7))),
          'stale',
          `from ${from}`,
        );
      }
      assert.deepEqual(await stateOf(fixture), before);
      await fixture.reopen();
      assert.equal(await fixture.port.commit(model, 0, batchOf(0, 9, change(7))), 'stale');
      assert.deepEqual(await stateOf(fixture), before);
    },
  },
  {
    name: 'of two owners who commit from one checkpoint one is refused',
    async run(fixture) {
      const key = near(fixture, 'k');
      const outcomes = await Promise.all(
        upTo(6).map((n) =>
          fixture.port.commit(
            model,
            0,
            batchOf(0, 10 + n, { rows: rowsOf({ [key]: { n } }), cells: new Map([['c', 1]]) }),
          ),
        ),
      );
      const winners = outcomes.flatMap((outcome, n) => (outcome === 'committed' ? [n] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual(await fixture.port.get(model, key), { n: winners[0] });
      assert.deepEqual(await cellsOf(fixture.port), { c: 1 });
      assert.equal((await fixture.port.checkpoint(model, 0)).offset, 10 + winners[0]!);
    },
  },
  {
    name: 'a commit is all or nothing',
    async run(fixture) {
      await fixture.port.commit(model, 0, batchOf(0, 1, { cells: new Map([['visits', 1]]) }));
      const before = await stateOf(fixture);
      const unwritable = {
        toJSON() {
          throw new Error('a row that cannot be written');
        },
      };
      const [good, bad] = [near(fixture, 'good'), near(fixture, 'bad')];
      const batch = batchOf(1, 5, {
        rows: rowsOf({ [good]: { n: 1 }, [bad]: unwritable }, () => ['Ada']),
        cells: new Map([['visits', 5]]),
        parked: [parkedAt(4)],
      });
      await assert.rejects(fixture.port.commit(model, 0, batch));
      assert.deepEqual(await stateOf(fixture), before);
      await fixture.reopen();
      assert.deepEqual(await stateOf(fixture), before);
      assert.equal(
        await fixture.port.commit(model, 0, { ...batch, rows: rowsOf({ [good]: { n: 1 } }) }),
        'committed',
      );
      assert.deepEqual(await cellsOf(fixture.port), { visits: 6 });
    },
  },
  {
    name: 'a row is replaced or deleted, and its index values with it',
    async run(fixture) {
      const key = near(fixture, 'k');
      const names = (prefix: string) =>
        keysOf((page) => fixture.port.find(model, 'name', { prefix }, page), 9);
      await fixture.port.commit(
        model,
        0,
        batchOf(0, 1, { rows: rowsOf({ [key]: { n: 1 } }, () => ['Ada', 'Lovelace']) }),
      );
      await fixture.port.commit(
        model,
        0,
        batchOf(1, 2, { rows: rowsOf({ [key]: { n: 2 } }, () => ['Ada', 'Byron']) }),
      );
      assert.deepEqual(await fixture.port.get(model, key), { n: 2 });
      assert.deepEqual([await names('Ada'), await names('Love'), await names('Byr')], [[key], [], [key]]);
      await fixture.port.commit(model, 0, batchOf(2, 3, { rows: rowsOf({ [key]: null }) }));
      assert.equal(await fixture.port.get(model, key), null);
      assert.equal((await fixture.port.getMany(model, [key])).size, 0);
      assert.deepEqual([await names(''), await keysOf((page) => fixture.port.all(model, page), 9)], [[], []]);
      await fixture.port.commit(model, 0, batchOf(3, 4, { rows: rowsOf({ [key]: { n: 3 } }) }));
      assert.deepEqual(await fixture.port.get(model, key), { n: 3 });
      assert.deepEqual(await names(''), []);
    },
  },
  {
    name: 'cells are sums over the partitions',
    async run(fixture) {
      for (const p of partitionsOf(fixture)) {
        const cells = new Map([
          ['a|2026', 2 + p],
          ['a|2027', -1],
          ['b', 5],
          ['z', 1],
        ]);
        await fixture.port.commit(model, p, batchOf(0, 1, { cells }));
        await fixture.port.commit(
          model,
          p,
          batchOf(1, 2, {
            cells: new Map([
              ['b', -5],
              ['a|2026', 1],
            ]),
          }),
        );
      }
      const n = fixture.partitions;
      const sums = { 'a|2026': 3 * n + (n * (n - 1)) / 2, 'a|2027': -n, z: n };
      assert.deepEqual(await cellsOf(fixture.port), sums);
      await fixture.reopen();
      assert.deepEqual(await cellsOf(fixture.port), sums);
      assert.equal((await fixture.port.cells(model, 'b', 'c')).get('b') ?? 0, 0);
    },
  },
  {
    name: 'cells are those whose name is at least from and below to, in code-unit order',
    async run({ port }) {
      const names = ['A', 'B', 'a', 'a!', 'aa', 'b', 'é', '中'];
      await port.commit(model, 0, batchOf(0, 1, { cells: new Map(names.map((name) => [name, 1])) }));
      const range = async (from: string, to: string) =>
        [...(await port.cells(model, from, to)).keys()].sort();
      assert.deepEqual(await range('a', 'b'), ['a', 'a!', 'aa']);
      assert.deepEqual(await range('B', 'a'), ['B']);
      assert.deepEqual(await range('a!', 'aa'), ['a!']);
      assert.deepEqual(await range('c', '\uffff'), ['é', '中']);
      assert.deepEqual(await range('b', 'b'), []);
    },
  },
  {
    name: 'partitions have checkpoints and parked records of their own',
    async run(fixture) {
      for (const p of partitionsOf(fixture)) {
        await fixture.port.commit(model, p, batchOf(0, 10 + p, { parked: [parkedAt(5 + p)] }));
      }
      for (const p of partitionsOf(fixture)) {
        assert.deepEqual(await fixture.port.checkpoint(model, p), checkpointAt(10 + p));
        assert.deepEqual(await fixture.port.parked(model, p, { limit: 9 }), [parkedAt(5 + p)]);
      }
    },
  },
  {
    name: 'parked records come by offset, in pages of at most the limit',
    async run(fixture) {
      await fixture.port.commit(model, 0, batchOf(0, 5, { parked: [parkedAt(1), parkedAt(3, 'other')] }));
      await fixture.port.commit(
        model,
        0,
        batchOf(5, 30, { parked: [parkedAt(7), parkedAt(20), parkedAt(21)] }),
      );
      await fixture.reopen();
      const offsets = async (page: { after?: number; limit: number }) =>
        (await fixture.port.parked(model, 0, page)).map(({ offset }) => offset);
      assert.deepEqual(await offsets({ limit: 9 }), [1, 3, 7, 20, 21]);
      assert.deepEqual(await offsets({ limit: 2 }), [1, 3]);
      assert.deepEqual(await offsets({ after: 3, limit: 2 }), [7, 20]);
      assert.deepEqual(await offsets({ after: 20, limit: 2 }), [21]);
      assert.deepEqual(await offsets({ after: 21, limit: 2 }), []);
    },
  },
  {
    name: 'find gives each row once, in value order, in pages of at most the limit',
    async run(fixture) {
      const values = ['b', 'ab', 'a', 'aab', 'abc', 'B', 'a%', 'a_c', 'ä', 'b b'];
      const rows = Object.fromEntries(values.map((value, n) => [`k${n}`, { value }]));
      await fill(
        fixture,
        0,
        rowsOf(rows, (key) => {
          const value = values[Number(key.slice(1))]!;
          return [value, `${value} again`, `x${value}`];
        }),
      );
      await fixture.reopen();
      const found = async (by: { prefix: string } | { value: string }, limit: number) =>
        (await keysOf((page) => fixture.port.find(model, 'name', by, page), limit)).map(
          (key) => values[Number(key.slice(1))],
        );
      for (const limit of [1, 2, 3, 100]) {
        assert.deepEqual(await found({ prefix: 'a' }, limit), ['a', 'a%', 'a_c', 'aab', 'ab', 'abc']);
        assert.deepEqual(await found({ prefix: 'ab' }, limit), ['ab', 'abc']);
        assert.deepEqual(await found({ prefix: 'a%' }, limit), ['a%']);
        assert.deepEqual(await found({ prefix: 'a_' }, limit), ['a_c']);
        assert.deepEqual(await found({ prefix: 'b' }, limit), ['b', 'b b']);
        assert.deepEqual(await found({ value: 'ab' }, limit), ['ab']);
        assert.deepEqual(await found({ value: 'A' }, limit), []);
        assert.equal((await found({ prefix: '' }, limit)).length, values.length);
      }
      const other = (page: Asked) => fixture.port.find(model, 'undeclared', { prefix: '' }, page);
      assert.deepEqual(await keysOf(other, 5), []);
    },
  },
  {
    name: 'find tells rows of one value apart by their keys',
    async run(fixture) {
      const keys = upTo(9).map((n) => `k${n}`);
      await fill(
        fixture,
        0,
        rowsOf(Object.fromEntries(keys.map((key) => [key, { key }])), () => ['Smith']),
      );
      for (const limit of [1, 2, 4, 9]) {
        for (const by of [{ value: 'Smith' }, { prefix: 'Sm' }]) {
          const found = await keysOf((page) => fixture.port.find(model, 'name', by, page), limit);
          assert.deepEqual([...found].sort(), keys);
        }
      }
    },
  },
  {
    name: 'under gives the item rows of a key, in key order, in pages of at most the limit',
    async run(fixture) {
      const items = ['k1/a', 'k1/b', 'k1/c/d', 'k1/é', 'k1/\u4e2d'];
      const others = ['k1', 'k10/a', 'k1-x', 'k', 'k2/a', 'k1.', 'k10'];
      await fill(fixture, 0, rowsOf(Object.fromEntries([...others, ...items].map((key) => [key, { key }]))));
      await fixture.reopen();
      for (const limit of [1, 2, 3, 100]) {
        assert.deepEqual(await keysOf((page) => fixture.port.under(model, 'k1', page), limit), items);
      }
      assert.deepEqual(await keysOf((page) => fixture.port.under(model, 'k10', page), 2), ['k10/a']);
      assert.deepEqual(await keysOf((page) => fixture.port.under(model, 'none', page), 2), []);
      const { rows } = await fixture.port.under<{ key: string }>(model, 'k1', { limit: 1 });
      assert.deepEqual(rows, [{ key: 'k1/a', row: { key: 'k1/a' } }]);
    },
  },
  {
    name: 'all gives every row of a model once, in a stable order, in pages of at most the limit',
    async run(fixture) {
      const keys = upTo(20).map((n) => `k${n}`);
      await fill(fixture, 0, rowsOf(Object.fromEntries(keys.map((key) => [key, { key }]))));
      await fill(fixture, 0, rowsOf({ other: {} }), 'other.v1');
      const order = await keysOf((page) => fixture.port.all(model, page), 100);
      assert.deepEqual([...order].sort(), [...keys].sort());
      await fixture.reopen();
      for (const limit of [1, 3, 20]) {
        assert.deepEqual(await keysOf((page) => fixture.port.all(model, page), limit), order);
      }
    },
  },
  {
    name: 'lists never skip or repeat a row that did not change between pages',
    async run(fixture) {
      const keys = upTo(30).map((n) => `k/${String(n).padStart(2, '0')}`);
      const lists: Record<string, (page: Asked) => Promise<Page<object>>> = {
        find: (page) => fixture.port.find(model, 'name', { prefix: 'n' }, page),
        under: (page) => fixture.port.under(model, 'k', page),
        all: (page) => fixture.port.all(model, page),
      };
      const named = (rows: Record<string, object | null>) => rowsOf(rows, (key) => [`n${key}`]);
      let from = 0;
      for (const [name, list] of Object.entries(lists)) {
        await fill(fixture, from++, named(Object.fromEntries(keys.map((key) => [key, { key }]))));
        const gone: string[] = [];
        const read = await keysOf(list, 4, async (page) => {
          // The row the page ended with, one before it and one to come go; a new one comes in front.
          const change = [keys[4 * page - 1]!, keys[4 * page - 3]!, keys[4 * page + 2]!].filter(Boolean);
          gone.push(...change);
          await fill(
            fixture,
            from++,
            named({ ...Object.fromEntries(change.map((key) => [key, null])), [`k/!${page}`]: {} }),
          );
        });
        const unchanged = (list: readonly string[]) =>
          list.filter((key) => keys.includes(key) && !gone.includes(key));
        assert.deepEqual(unchanged(read), unchanged(keys), name);
        const rest = Object.fromEntries(upTo(30).map((page) => [`k/!${page}`, null]));
        await fill(fixture, from++, named(rest));
      }
    },
  },
  {
    name: 'a batch of hundreds of rows and cells is one commit',
    async run(fixture) {
      const keys = upTo(1200).map((n) => `k${n}`);
      await fill(
        fixture,
        0,
        rowsOf(Object.fromEntries(keys.map((key) => [key, { key }])), (key) => [key]),
      );
      const cells = new Map(keys.map((key, n) => [key, n + 1]));
      await fixture.port.commit(model, 0, batchOf(1, 2, { cells }));
      await fixture.reopen();
      const found = await fixture.port.getMany<{ key: string }>(model, [...keys, 'absent', 'k0']);
      assert.equal(found.size, 1200);
      for (const key of keys) assert.deepEqual(found.get(key), { key });
      assert.deepEqual(await cellsOf(fixture.port), Object.fromEntries(cells));
      assert.equal((await fixture.port.getMany(model, [])).size, 0);
    },
  },
  {
    name: 'drop forgets rows, cells, parked records and checkpoints of one model, also when called again',
    async run(fixture) {
      const key = near(fixture, 'k');
      for (const of of [model, 'readers.v2']) {
        const rows = rowsOf({ [key]: { of } }, () => ['Ada']);
        await fixture.port.commit(
          of,
          0,
          batchOf(0, 3, { rows, cells: new Map([['c', 1]]), parked: [parkedAt(2)] }),
        );
      }
      const other = await stateOf(fixture, 'readers.v2');
      assert.deepEqual([...(await fixture.port.models())].sort(), [model, 'readers.v2']);
      await fixture.port.drop(model);
      await fixture.port.drop(model);
      await fixture.reopen();
      await fixture.port.drop(model);
      const empty = await stateOf(fixture, 'never.v1');
      assert.deepEqual(await stateOf(fixture), empty);
      assert.deepEqual([...(await fixture.port.models())], ['readers.v2']);
      assert.deepEqual(await stateOf(fixture, 'readers.v2'), other);
      assert.equal(await fixture.port.commit(model, 0, batchOf(0, 1)), 'committed');
    },
  },
];

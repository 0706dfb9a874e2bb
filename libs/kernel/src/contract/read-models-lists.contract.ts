import assert from 'node:assert/strict';
import { type Page } from '../ports/read-models.js';
import { partitionsOf } from './notes.fixture.js';
import {
  batchOf,
  cellsOf,
  fill,
  keysOf,
  model,
  parkedAt,
  rowsOf,
  upTo,
  type Asked,
  type ReadModelsCase,
} from './batches.fixture.js';

const byNumber = (a: number, b: number) => a - b;
const evenTo = (n: number) => upTo(n / 2).map((half) => 2 * (half + 1));

export const readModelsListCases: readonly ReadModelsCase[] = [
  {
    name: 'cells are those whose name is at least from and below to, in code-unit order',
    async run({ port }) {
      const names = ['A', 'B', 'a', 'a!', 'aa', 'b', 'é', '中', '😀', '～'];
      await port.commit(model, 0, batchOf(0, 1, { cells: new Map(names.map((name) => [name, 1])) }));
      const range = async (from: string, to: string) =>
        [...(await port.cells(model, [{ from, to }])).keys()].sort();
      assert.deepEqual(await range('a', 'b'), ['a', 'a!', 'aa']);
      assert.deepEqual(await range('B', 'a'), ['B']);
      assert.deepEqual(await range('a!', 'aa'), ['a!']);
      assert.deepEqual(await range('c', '\uffff'), ['é', '中', '😀', '～']);
      assert.deepEqual(await range('😀', '～'), ['😀']);
      assert.deepEqual(await range('b', 'b'), []);
    },
  },
  {
    name: 'cells of several ranges come once each, in whatever order the ranges are and however they overlap',
    async run({ port, partitions }) {
      const names = ['A', 'a', 'aa', 'ab', 'b', 'ba', 'c', '中', '😀', '～'];
      for (let p = 0; p < partitions; p++) {
        await port.commit(model, p, batchOf(0, 1, { cells: new Map(names.map((name) => [name, 1])) }));
      }
      const within = async (...ranges: (readonly [from: string, to: string])[]) => {
        const found = await port.cells(
          model,
          ranges.map(([from, to]) => ({ from, to })),
        );
        assert.deepEqual(new Set(found.values()), new Set(found.size === 0 ? [] : [partitions]));
        return [...found.keys()].sort();
      };
      assert.deepEqual(await within(['c', 'd'], ['A', 'B'], ['ab', 'b']), ['A', 'ab', 'c']);
      assert.deepEqual(await within(['a', 'b'], ['aa', 'ba'], ['a', 'b']), ['a', 'aa', 'ab', 'b']);
      assert.deepEqual(await within(['b', 'c'], ['ba', 'ba'], ['b', 'ba'], ['c', 'b']), ['b', 'ba']);
      assert.deepEqual(await within(['a', 'aa'], ['a', 'aa']), ['a']);
      assert.deepEqual(await within(['😀', '～'], ['中', '文'], ['x', 'y']), ['中', '😀']);
      assert.deepEqual(await within(['～', '\uffff'], ['～', '\uffff']), ['～']);
      assert.deepEqual(await within(['', '\uffff'], ['b', 'c'], ['😀', '～']), names.toSorted());
    },
  },
  {
    name: 'one read of cells takes up to 500 ranges, and is refused with none or with more',
    async run({ port }) {
      const names = upTo(500).map((n) => `cell-${String(n).padStart(3, '0')}`);
      await port.commit(model, 0, batchOf(0, 1, { cells: new Map(names.map((name, n) => [name, n + 1])) }));
      const ranges = names.map((name) => ({ from: name, to: `${name}!` }));
      assert.equal((await port.cells(model, ranges)).size, 500);
      const odd = ranges.filter((_, n) => n % 2 === 1);
      assert.deepEqual([...(await port.cells(model, odd)).values()].sort(byNumber), evenTo(500));
      await assert.rejects(port.cells(model, []), RangeError);
      await assert.rejects(port.cells(model, [...ranges, ranges[0]!]), RangeError);
    },
  },
  {
    name: 'parked records come by offset, in pages of at most the limit',
    async run(fixture) {
      await fixture.port.commit(model, 0, batchOf(0, 5, { parked: [parkedAt(1), parkedAt(3, 'other')] }));
      await fixture.port.commit(
        model,
        0,
        batchOf(1, 30, { parked: [parkedAt(7), parkedAt(20), parkedAt(21)] }),
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
    name: 'parked records are found by key, and those unparked are gone with the batch that says so',
    async run(fixture) {
      const parked = [parkedAt(1), parkedAt(3, 'other'), parkedAt(4), parkedAt(5)];
      await fixture.port.commit(model, 0, batchOf(0, 5, { parked }));
      const offsets = async (key?: string) =>
        (await fixture.port.parked(model, 0, { limit: 9, ...(key === undefined ? {} : { key }) })).map(
          ({ offset }) => offset,
        );
      assert.deepEqual(await offsets('k'), [1, 4, 5]);
      assert.deepEqual(await offsets('nobody'), []);
      // The checkpoint's offset stays where it is: the batch holds no new record.
      const again = batchOf(1, 5, { unparked: [1, 4], cells: new Map([['visits', 2]]) });
      assert.equal(await fixture.port.commit(model, 0, again), 'committed');
      await fixture.reopen();
      assert.deepEqual(await offsets(), [3, 5]);
      assert.deepEqual(await offsets('k'), [5]);
      assert.deepEqual(await cellsOf(fixture.port), { visits: 2 });
      assert.equal((await fixture.port.checkpoint(model, 0)).offset, 5);
      assert.equal(await fixture.port.commit(model, 0, batchOf(1, 5, { unparked: [5] })), 'stale');
      assert.deepEqual(await offsets('k'), [5]);
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
    name: 'find gives the rows of a range from its start to before its end, each at the first of its values there',
    async run(fixture) {
      const values = ['a/20', 'a/10', 'a/15', 'a/1', 'b/10', 'a', '中/20', '😀/10', '～/10'];
      await fill(
        fixture,
        0,
        rowsOf(Object.fromEntries(values.map((value) => [value, { value }])), (key) => [key, `${key}!`]),
      );
      await fixture.reopen();
      const found = (from: string, to: string, limit: number) =>
        keysOf((page) => fixture.port.find(model, 'name', { from, to }, page), limit);
      for (const limit of [1, 2, 100]) {
        assert.deepEqual(await found('a/10', 'a/20', limit), ['a/10', 'a/15']);
        assert.deepEqual(await found('a/1', 'a/15', limit), ['a/1', 'a/10']);
        assert.deepEqual(await found('a/15!', 'a/20!', limit), ['a/15', 'a/20']);
        assert.deepEqual(await found('a/20!', 'b', limit), ['a/20']);
        assert.deepEqual(await found('😀/', '😀/2', limit), ['😀/10']);
        assert.deepEqual(await found('中', '\ud7fe', limit), ['中/20']);
        assert.deepEqual(await found('a/20', 'a/10', limit), []);
        assert.deepEqual(await found('b', 'b', limit), []);
      }
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
    name: 'shares gives what each partition adds to each cell once, without zeros, in pages of at most the limit',
    async run(fixture) {
      const cells = ['visits', 'loans', 'é|\u4e2d|2024-03', 'visits+', 'none'];
      for (const p of partitionsOf(fixture)) {
        const added = new Map(cells.map((cell, i) => [cell, cell === 'none' ? 1 : i - 2 * p || 7]));
        await fixture.port.commit(model, p, batchOf(0, 1, { cells: added }));
        await fixture.port.commit(model, p, batchOf(1, 2, { cells: new Map([['none', -1]]) }));
        await fixture.port.commit('other.v1', p, batchOf(0, 1, { cells: new Map([['visits', 1]]) }));
      }
      await fixture.reopen();
      const expected = partitionsOf(fixture).flatMap((p) =>
        cells.slice(0, -1).map((cell, i) => `${cell} ${p} ${i - 2 * p || 7}`),
      );
      for (const limit of [1, 2, 3, 100]) {
        const found: string[] = [];
        for (let after: string | null = '', pages = 0; after !== null; pages++) {
          assert.ok(pages <= cells.length * fixture.partitions, 'the list ends');
          const page: Awaited<ReturnType<typeof fixture.port.shares>> = await fixture.port.shares(model, {
            limit,
            ...(after === '' ? {} : { after }),
          });
          assert.ok(page.shares.length <= limit, `a page of at most ${limit}`);
          for (const { cell, partition, n } of page.shares) found.push(`${cell} ${partition} ${n}`);
          after = page.next;
        }
        assert.deepEqual(found.sort(), [...expected].sort());
      }
      assert.deepEqual(await fixture.port.shares('unknown.v1', { limit: 5 }), { shares: [], next: null });
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
          // Changes the last row of the page, one before it and one that comes later, and adds a new row in front.
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
];

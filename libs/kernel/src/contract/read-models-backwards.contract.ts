import assert from 'node:assert/strict';
import type { IndexValues, ListPage, Page } from '../ports/read-models.js';
import { fill, keysOf, model, rowsOf, upTo, type ReadModelsCase } from './batches.fixture.js';

type List = (page: ListPage) => Promise<Page<object>>;

const backwards =
  (list: List): List =>
  (page) =>
    list({ ...page, descending: true });

/** Index values by key: several rows of one value, and rows with several values. */
const values: Readonly<Record<string, readonly string[]>> = {
  'k1/a': ['n1'],
  'k1/b': ['n2', 'n2!'],
  'k1/c/d': ['n2'],
  'k1/e': ['n2', 'n3'],
  'k1/é': ['n3', 'n1'],
  'k1/\u4e2d': ['n4', 'm'],
  k10: ['n2'],
  k2: ['o'],
};
const rows = rowsOf(
  Object.fromEntries(Object.keys(values).map((key) => [key, { key }])),
  (key) => values[key]!,
);
/** In value order, rows of one value by key. */
const inOrder = ['k1/a', 'k1/é', 'k1/b', 'k1/c/d', 'k1/e', 'k10', 'k1/\u4e2d'];

export const readModelsBackwardsCases: readonly ReadModelsCase[] = [
  {
    name: 'descending, find gives the same rows from the last to the first, also those of one value',
    async run(fixture) {
      await fill(fixture, 0, rows);
      await fixture.reopen();
      const { port } = fixture;
      const asked: [IndexValues, readonly string[]][] = [
        [{ prefix: 'n' }, inOrder],
        [{ prefix: '' }, ['k1/\u4e2d', 'k1/a', 'k1/é', 'k1/b', 'k1/c/d', 'k1/e', 'k10', 'k2']],
        [{ prefix: 'n2' }, ['k1/b', 'k1/c/d', 'k1/e', 'k10']],
        [{ value: 'n2' }, ['k1/b', 'k1/c/d', 'k1/e', 'k10']],
        [{ value: 'n' }, []],
        [{ from: 'n2', to: 'n4' }, ['k1/b', 'k1/c/d', 'k1/e', 'k10', 'k1/é']],
      ];
      for (const [by, expected] of asked) {
        const list: List = (page) => port.find(model, 'name', by, page);
        for (const limit of [1, 2, 3, 100]) {
          assert.deepEqual(await keysOf(list, limit), expected);
          assert.deepEqual(await keysOf(backwards(list), limit), [...expected].reverse());
        }
      }
    },
  },
  {
    name: 'descending, under gives the item rows of a key from the last to the first',
    async run(fixture) {
      await fill(fixture, 0, rows);
      await fixture.reopen();
      const items = ['k1/a', 'k1/b', 'k1/c/d', 'k1/e', 'k1/é', 'k1/\u4e2d'];
      const list = backwards((page) => fixture.port.under(model, 'k1', page));
      for (const limit of [1, 2, 3, 100]) {
        assert.deepEqual(await keysOf(list, limit), [...items].reverse());
      }
      assert.deepEqual(
        await keysOf(
          backwards((page) => fixture.port.under(model, 'none', page)),
          2,
        ),
        [],
      );
      const { rows: last } = await fixture.port.under(model, 'k1', { limit: 1, descending: true });
      assert.deepEqual(last, [{ key: 'k1/\u4e2d', row: { key: 'k1/\u4e2d' } }]);
    },
  },
  {
    name: 'descending lists never skip or repeat a row that did not change between pages',
    async run(fixture) {
      const keys = upTo(30).map((n) => `k/${String(n).padStart(2, '0')}`);
      const lists: Record<string, List> = {
        find: (page) => fixture.port.find(model, 'name', { from: 'n', to: 'o' }, page),
        under: (page) => fixture.port.under(model, 'k', page),
      };
      // Three rows of each value, so that pages also end between rows of one value.
      const named = (of: Record<string, object | null>) =>
        rowsOf(of, (key) => [`n${Math.floor(keys.indexOf(key) / 3) + 10}`]);
      const newest = [...keys].reverse();
      let from = 0;
      for (const [name, list] of Object.entries(lists)) {
        await fill(fixture, from++, named(Object.fromEntries(keys.map((key) => [key, { key }]))));
        const gone: string[] = [];
        const read = await keysOf(backwards(list), 4, async (page) => {
          // The last row of the page, one before it and one that comes later go, and a new row comes in front.
          const change = [newest[4 * page - 1]!, newest[4 * page - 3]!, newest[4 * page + 2]!].filter(
            Boolean,
          );
          gone.push(...change);
          const added = rowsOf({ [`k/~${page}`]: {} }, () => [`n9${page}`]);
          await fill(
            fixture,
            from++,
            new Map([...named(Object.fromEntries(change.map((key) => [key, null]))), ...added]),
          );
        });
        const unchanged = (of: readonly string[]) =>
          of.filter((key) => keys.includes(key) && !gone.includes(key));
        assert.deepEqual(unchanged(read), unchanged(newest), name);
        await fill(fixture, from++, rowsOf(Object.fromEntries(upTo(30).map((n) => [`k/~${n}`, null]))));
      }
    },
  },
];

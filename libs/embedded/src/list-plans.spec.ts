import { start, type RowChange } from '@readership/kernel';
import { adaptersOver, openDriver, type SqlDriver } from './index.js';

const prepared: { readonly sql: string; readonly driver: SqlDriver }[] = [];

function watched(): SqlDriver {
  const driver = openDriver(':memory:');
  return {
    exec: (sql) => driver.exec(sql),
    prepare: (sql) => {
      prepared.push({ sql, driver });
      return driver.prepare(sql);
    },
    transaction: (work) => driver.transaction(work),
    close: () => driver.close(),
  };
}

/** The steps of SQLite's plan for the one statement that was prepared, without those of looking up the model's id. */
function plan(): readonly string[] {
  expect(prepared).toHaveLength(1);
  const [{ sql, driver }] = prepared.splice(0) as [(typeof prepared)[number]];
  const parameters = Array.from(sql.matchAll(/\?/g), () => 'a');
  const steps = driver.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters);
  return steps.map((step) => String(step[3])).filter((step) => !/models|SUBQUERY/.test(step));
}

describe('a page of a list', () => {
  const adapters = adaptersOver(watched, { masterKey: Buffer.alloc(32, 7), partitions: 1 });
  const models = adapters.readModels('lists');
  afterAll(() => adapters.close());

  beforeAll(async () => {
    const rows = new Map<string, RowChange>(
      ['a', 'b', 'c'].map((item) => [`k/${item}`, { row: { item }, indexes: { time: [item] } }]),
    );
    const batch = { from: 0, to: start, rows, cells: new Map(), parked: [], unparked: [] };
    await models.commit('list.v1', 0, batch);
    prepared.length = 0;
  });

  it.each([
    ['forwards', {}],
    ['backwards', { descending: true }],
    ['backwards after a cursor', { descending: true, after: '["c","k/c"]' }],
  ])('of an index is searched in its primary key and never sorted: %s', async (_, page) => {
    for (const by of [{ prefix: '' }, { value: 'b' }, { from: 'a', to: 'c' }]) {
      await models.find('list.v1', 'time', by, { limit: 2, ...page });
      expect(plan()).toEqual([
        expect.stringMatching(/^SEARCH e USING PRIMARY KEY \(model=\? AND name=\? AND .*value/),
        'SEARCH r USING PRIMARY KEY (model=? AND key=?)',
      ]);
    }
  });

  it.each([
    ['forwards', {}],
    ['backwards', { descending: true }],
    ['backwards after a cursor', { descending: true, after: 'k/c' }],
  ])('of the items of a key is searched in the primary key and never sorted: %s', async (_, page) => {
    await models.under('list.v1', 'k', { limit: 2, ...page });
    expect(plan()).toEqual([
      expect.stringMatching(/^SEARCH rows USING PRIMARY KEY \(model=\? AND key>\? AND/),
    ]);
  });
});

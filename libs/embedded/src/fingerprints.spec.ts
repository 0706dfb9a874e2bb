import { fingerprints, partitionOf, type Batch, type ReadModels, type RowChange } from '@readership/kernel';
import { memoryAdapters } from './index.js';

const partitions = 3;
const everywhere = new Set([0, 1, 2]);

let adapters: ReturnType<typeof memoryAdapters>;
let models: ReadModels;
beforeEach(() => {
  adapters = memoryAdapters({ partitions });
  models = adapters.readModels('people');
});
afterEach(() => adapters.close());

/** Stores rows and cells in each partition, as a model would. */
async function store(
  model: string,
  rows: Readonly<Record<string, object>>,
  cells: readonly (readonly [string, number, number])[] = [],
): Promise<void> {
  for (const partition of everywhere) {
    const own = Object.entries(rows).filter(([key]) => partitionOf(key, partitions) === partition);
    const checkpoint = await models.checkpoint(model, partition);
    const batch: Batch = {
      from: checkpoint.rev,
      to: { ...checkpoint, offset: checkpoint.offset + 1 },
      rows: new Map(own.map(([key, row]): [string, RowChange] => [key, { row, indexes: {} }])),
      cells: new Map(cells.filter(([, of]) => of === partition).map(([cell, , n]) => [cell, n])),
      parked: [],
      unparked: [],
    };
    expect(await models.commit(model, partition, batch)).toBe('committed');
  }
}

const of = (model: string) => fingerprints(models, model, everywhere);
const many = (of: (n: number) => object) =>
  Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [`key-${n}`, of(n)]));

it('are the same for the same rows and cells, in whatever order they and their fields came', async () => {
  const cells = [
    ['visits', 0, 3],
    ['loans', 1, -2],
    ['visits', 2, 1],
  ] as const;
  await store(
    'live.v1',
    many((n) => ({ n, list: [n, { a: 1, b: null }], name: 'é' })),
    cells,
  );
  const rows = many((n) => ({ name: 'é', list: [n, { b: null, a: 1 }], n }));
  await store('live.v2', Object.fromEntries(Object.entries(rows).slice(700)), [['visits', 0, 1]]);
  await store('live.v2', Object.fromEntries(Object.entries(rows).slice(0, 700)), [
    ['visits', 0, 2],
    ...cells.slice(1),
  ]);
  const [live, built] = [await of('live.v1'), await of('live.v2')];
  expect(built).toEqual(live);
  expect([...live.keys()]).toEqual([0, 1, 2]);
  expect(new Set(live.values()).size).toBe(3);
});

it.each([
  ['a row has another value', { k: { n: 2, list: [1, 2] } }, [['visits', 1, 3]]],
  ['a list has another order', { k: { n: 1, list: [2, 1] } }, [['visits', 1, 3]]],
  ['a row is of another key', { q: { n: 1, list: [1, 2] } }, [['visits', 1, 3]]],
  ['a row is missing', {}, [['visits', 1, 3]]],
  ['a row is there twice', { k: { n: 1, list: [1, 2] }, q: { n: 1, list: [1, 2] } }, [['visits', 1, 3]]],
  ['a cell has another count', { k: { n: 1, list: [1, 2] } }, [['visits', 1, 4]]],
  ['a count lies in another partition', { k: { n: 1, list: [1, 2] } }, [['visits', 2, 3]]],
] as const)('differ when %s', async (_, rows, cells) => {
  await store('live.v1', { k: { n: 1, list: [1, 2] } }, [['visits', 1, 3]]);
  await store('live.v2', rows, cells);
  expect(await of('live.v2')).not.toEqual(await of('live.v1'));
});

it('are given for the partitions that were asked for', async () => {
  await store('live.v1', { k: { n: 1 } });
  const all = await of('live.v1');
  const own = partitionOf('k', partitions);
  expect([...(await fingerprints(models, 'live.v1', new Set([own])))]).toEqual([[own, all.get(own)]]);
  expect([...all.values()].filter((sum) => /^0{32}$/.test(sum))).toHaveLength(2);
});

import { memoryAdapters } from '@readership/embedded';
import { start, type Adapters, type ReadModels } from '@readership/kernel';
import { Cursors, Lists, type Listed } from './lists.js';
import type { AppliedWait } from './positions.js';

interface Row {
  readonly id: string;
  readonly kind: 'odd' | 'even';
}

const own = 'numbers.v1';
let adapters: Adapters;
let models: ReadModels;
let lists: Lists;
let waitedFor: object;

/** Numbers from 1 on, of four digits. */
async function fill(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, n): Row => {
    const id = String(n + 1).padStart(4, '0');
    return { id, kind: n % 2 === 0 ? 'odd' : 'even' };
  });
  await models.commit(own, 0, {
    from: 0,
    to: { ...start, offset: 1 },
    rows: new Map(rows.map((row) => [row.id, { row, indexes: { id: [row.id] } }])),
    cells: new Map(),
    parked: [],
    unparked: [],
  });
}

beforeEach(() => {
  adapters = memoryAdapters({ partitions: 1 });
  models = adapters.readModels('feedback');
  const applied = { until: async (_: unknown, of: object) => void (waitedFor = of) };
  lists = new Lists(models, applied as AppliedWait, new Cursors({ linkKey: Buffer.alloc(32, 1) }));
});
afterEach(() => adapters.close());

const page = (
  keep: (row: Row) => boolean,
  limit: number,
  cursor?: string | null,
  query: object = {},
): Promise<Listed<string>> =>
  lists.filtered<Row, string>(
    {
      ...{ own, index: 'id', from: '0002', to: '9', query, others: ['others.v1'] },
      valueOf: ({ id }) => id,
      itemsOf: async (rows) => rows.map((row) => (keep(row) ? `no ${row.id}` : null)),
    },
    { limit: String(limit), ...(typeof cursor === 'string' ? { cursor } : {}) },
  );

/** All pages of a list. */
async function pages(keep: (row: Row) => boolean, limit: number): Promise<(readonly string[])[]> {
  const read: (readonly string[])[] = [];
  let cursor: string | null = null;
  do {
    const { items, nextCursor }: Listed<string> = await page(keep, limit, cursor);
    read.push(items);
    cursor = nextCursor;
  } while (cursor !== null);
  return read;
}

describe('a list that leaves rows out', () => {
  it('has full pages, and ends with the last item', async () => {
    await fill(9);
    const odd = ['no 0003', 'no 0005', 'no 0007', 'no 0009'];
    expect(await pages(({ kind }) => kind === 'odd', 2)).toEqual([odd.slice(0, 2), odd.slice(2)]);
    expect(await pages(({ kind }) => kind === 'odd', 3)).toEqual([odd.slice(0, 3), odd.slice(3)]);
    expect(await pages(({ kind }) => kind === 'odd', 4)).toEqual([odd]);
    expect(await pages(() => false, 4)).toEqual([[]]);
  });

  it('reads 2,000 rows for a page at most, and goes on from there', async () => {
    await fill(4500);
    let read = 0;
    const last = (row: Row) => {
      read++;
      return row.id === '4500';
    };
    const first = await page(last, 1);
    expect(first.items).toEqual([]);
    expect(read).toBeLessThan(2500);
    const all = await pages(last, 1);
    expect(all.flat()).toEqual(['no 4500']);
    expect(all.length).toBeLessThan(5);
  });

  it('gives each row once, also when others come and go between its pages', async () => {
    await fill(9);
    const first = await page(() => true, 3);
    await models.commit(own, 0, {
      from: 1,
      to: { ...start, offset: 2 },
      rows: new Map([
        ['0004', { row: null, indexes: { id: [] } }],
        ['00021', { row: { id: '00021', kind: 'odd' }, indexes: { id: ['00021'] } }],
      ]),
      cells: new Map(),
      parked: [],
      unparked: [],
    });
    const rest = await page(() => true, 10, first.nextCursor);
    expect([...first.items, ...rest.items]).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((n) => `no 000${n}`));
  });

  it('refuses the cursor of another query, and waits for every model that it reads', async () => {
    await fill(9);
    const { nextCursor } = await page(() => true, 1, null, { kind: 'odd' });
    await expect(page(() => true, 1, nextCursor, { kind: 'even' })).rejects.toMatchObject({
      code: 'BAD_CURSOR',
    });
    expect(waitedFor).toEqual({ own: [own, 'others.v1'] });
  });
});

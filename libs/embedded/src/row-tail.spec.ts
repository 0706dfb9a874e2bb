import type { SqlRow } from './sql-driver.js';
import { RowTail } from './row-tail.js';

const row = (id: number, { partition = 0, body = '[0,0]' } = {}): SqlRow =>
  [id, partition, 's', 1, 'c', '2024-01-01T00:00:00.000Z', 'test', body, 0, 0] as const;
const ids = (rows: readonly SqlRow[]) => rows.map(([id]) => id);
const tailOf = (...rows: readonly SqlRow[]) => {
  const tail = new RowTail(20);
  for (const each of rows) tail.add(each);
  return tail;
};

describe('the tail of the rows', () => {
  it('gives those of a partition from an id on, in their order', () => {
    const tail = tailOf(row(4), row(5, { partition: 1 }), row(6), row(7));
    expect(ids(tail.since(4, 0, 10))).toEqual([4, 6, 7]);
    expect(ids(tail.since(5, 0, 10))).toEqual([6, 7]);
    expect(ids(tail.since(4, 0, 2))).toEqual([4, 6]);
    expect(ids(tail.since(4, 1, 10))).toEqual([5]);
  });

  it('has nothing for who stands before it, or after it', () => {
    expect(new RowTail().since(0, 0, 10)).toEqual([]);
    const tail = tailOf(row(4), row(5));
    expect(tail.since(3, 0, 10)).toEqual([]);
    expect(tail.since(6, 0, 10)).toEqual([]);
  });

  it('begins anew after rows of somebody else, and leaves out what it was told late', () => {
    const tail = tailOf(row(1), row(2), row(5), row(3), row(4));
    expect(ids(tail.since(5, 0, 10))).toEqual([5]);
    expect(tail.since(2, 0, 10)).toEqual([]);
  });

  it('keeps the newest rows within its size', () => {
    const tail = tailOf(row(1), row(2), row(3), row(4), row(5));
    expect(tail.since(1, 0, 10)).toEqual([]);
    expect(ids(tail.since(2, 0, 10))).toEqual([2, 3, 4, 5]);
    tail.add(row(6, { body: `[0,0,"${'x'.repeat(30)}"]` }));
    expect(tail.since(6, 0, 10)).toEqual([]);
    tail.add(row(7));
    expect(ids(tail.since(7, 0, 10))).toEqual([7]);
  });

  it('keeps at most as many rows beside as it gives', () => {
    const tail = new RowTail(20);
    for (let id = 1; id <= 1_000; id++) tail.add(row(id));
    expect(ids(tail.since(997, 0, 10))).toEqual([997, 998, 999, 1000]);
    expect((tail as unknown as { rows: { entries: unknown[] } }).rows.entries.length).toBeLessThan(10);
  });

  it('parses a row that it keeps once, and another each time', () => {
    const tail = tailOf(row(1));
    const [kept] = tail.since(1, 0, 1);
    expect(tail.read(kept!)).toBe(tail.read(kept!));
    const other = row(1);
    expect(tail.read(other)).not.toBe(tail.read(other));
  });
});

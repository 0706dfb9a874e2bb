import type { LogRecord } from '@readership/kernel';
import { Tail } from './tail.js';

const record = (offset: number, body = '{}') => ({ offset, body }) as LogRecord;
const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => record(from + at));
const tailOf = (sizeMax?: number) => {
  const tail = new Tail<LogRecord>(
    { place: ({ offset }) => offset, size: ({ body }) => body.length },
    sizeMax,
  );
  return {
    add: (stored: readonly LogRecord[]) => stored.forEach((each) => tail.add(each)),
    after: (offset: number, limit: number) => tail.since(offset + 1, limit),
  };
};
const offsets = (found: readonly LogRecord[]) => found.map(({ offset }) => offset);

describe('the tail of a log', () => {
  it('gives every reader the same records, from wherever it stands', () => {
    const tail = tailOf();
    const stored = records(4, 6);
    tail.add(stored);
    tail.add(records(7, 8));
    expect(tail.after(3, 10)[0]).toBe(stored[0]);
    expect(offsets(tail.after(3, 10))).toEqual([4, 5, 6, 7, 8]);
    expect(offsets(tail.after(5, 2))).toEqual([6, 7]);
    expect(offsets(tail.after(6, 10))).toEqual([7, 8]);
    expect(offsets(tail.after(3, 3))).toEqual([4, 5, 6]);
  });

  it('has nothing for who stands before it, or at its end', () => {
    const tail = tailOf();
    expect(tail.after(0, 10)).toEqual([]);
    tail.add(records(4, 6));
    expect(tail.after(2, 10)).toEqual([]);
    expect(tail.after(6, 10)).toEqual([]);
    expect(tail.after(9, 10)).toEqual([]);
  });

  it('begins anew after records of somebody else, and leaves out what it was told late', () => {
    const tail = tailOf();
    tail.add(records(1, 3));
    tail.add(records(6, 7));
    tail.add(records(4, 5));
    expect(offsets(tail.after(5, 10))).toEqual([6, 7]);
    expect(tail.after(3, 10)).toEqual([]);
    expect(tail.after(0, 10)).toEqual([]);
  });

  it('keeps the newest records within its bytes', () => {
    const tail = tailOf(10);
    tail.add([record(1, '123456')]);
    tail.add([record(2, '1234')]);
    expect(offsets(tail.after(0, 10))).toEqual([1, 2]);
    tail.add([record(3, '1')]);
    expect(offsets(tail.after(1, 10))).toEqual([2, 3]);
    expect(tail.after(0, 10)).toEqual([]);
    tail.add([record(4, '12345678901')]);
    expect(tail.after(3, 10)).toEqual([]);
  });
});

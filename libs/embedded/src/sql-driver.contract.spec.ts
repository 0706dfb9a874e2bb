import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBusy, openDriver, SqlMisuse, type SqlDriver, type SqlValue } from './sql-driver.js';

const folder = mkdtempSync(join(tmpdir(), 'readership-driver-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
describe.each([
  ['in memory', () => ':memory:'],
  ['on a file', () => join(folder, `${++files}.db`)],
])('a driver %s', (_, path) => {
  let driver: SqlDriver;
  beforeEach(() => {
    driver = openDriver(path());
    driver.exec('CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, n INTEGER, blob BLOB)');
  });
  afterEach(() => driver.close());

  const insert = (...values: readonly SqlValue[]) =>
    driver.prepare('INSERT INTO things (name, n, blob) VALUES (?, ?, ?)').run(values);
  const all = () => driver.prepare('SELECT name, n, blob FROM things ORDER BY id').all([]);

  it('gives back what was stored, rows as plain arrays', () => {
    insert('Zoë 𝒳 \u{10ffff}', Number.MAX_SAFE_INTEGER, new Uint8Array([0, 255]));
    insert('', -5, null);
    const [first, second] = all();
    expect(first!.slice(0, 2)).toEqual(['Zoë 𝒳 \u{10ffff}', Number.MAX_SAFE_INTEGER]);
    expect([...(first![2] as Uint8Array)]).toEqual([0, 255]);
    expect(second).toEqual(['', -5, null]);
    expect([...driver.prepare('SELECT n FROM things').iterate([])]).toEqual([
      [Number.MAX_SAFE_INTEGER],
      [-5],
    ]);
  });

  it('counts changes and names the new row', () => {
    expect(insert('a', 1, null)).toEqual({ changes: 1, lastId: 1 });
    expect(driver.prepare('UPDATE things SET n = 2 WHERE name = ?').run(['b']).changes).toBe(0);
    expect(driver.prepare('SELECT n FROM things WHERE name = ?').get(['b'])).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['a boolean', true],
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['an object', {}],
    ['an array', []],
    ['a function', () => 1],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['an integer that would be rounded', 2 ** 53],
    ['text that would be cut at NUL', 'a\0b'],
    ['text with a lone surrogate', 'a\ud800b'],
  ])('refuses %s as a parameter', (_what, value) => {
    expect(() => insert(value as SqlValue, 1, null)).toThrow(SqlMisuse);
    expect(all()).toEqual([]);
  });

  it('refuses parameters that are missing, too many, or not an array', () => {
    const statement = driver.prepare(`SELECT '?', name FROM things WHERE n = ? -- ?`);
    expect(() => statement.get([])).toThrow(SqlMisuse);
    expect(() => statement.all([1, 2])).toThrow(SqlMisuse);
    expect(() => statement.run(1 as never)).toThrow(SqlMisuse);
    expect(() => statement.iterate({} as never)).toThrow(SqlMisuse);
    expect(() => driver.prepare('SELECT :name')).toThrow(SqlMisuse);
  });

  it('rolls back a transaction that throws, and goes on', () => {
    expect(() =>
      driver.transaction(() => {
        insert('a', 1, null);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(driver.transaction(() => insert('b', 1, null).changes)).toBe(1);
    expect(all()).toEqual([['b', 1, null]]);
  });

  it('says that there is no room, stores nothing of the transaction, and goes on once there is', () => {
    const [pages] = driver.prepare('PRAGMA page_count').get([])!;
    driver.exec(`PRAGMA max_page_count=${Number(pages)}`);
    const fill = () => driver.transaction(() => insert('x'.repeat(100_000), 1, null));
    expect(fill).toThrow(expect.objectContaining({ name: 'Unavailable', code: 'STORE_FULL' }));
    expect(all()).toEqual([]);
    driver.exec('PRAGMA max_page_count=1000');
    fill();
    expect(all()).toHaveLength(1);
  });

  it('refuses a transaction within a transaction', () => {
    expect(() => driver.transaction(() => driver.transaction(() => 1))).toThrow(SqlMisuse);
  });

  it('waits for the disk at each commit and wipes what is deleted', () => {
    expect(driver.prepare('PRAGMA synchronous').get([])).toEqual([2]);
    expect(driver.prepare('PRAGMA secure_delete').get([])).toEqual([1]);
  });

  it('refuses everything once it is closed', () => {
    const statement = driver.prepare('SELECT 1');
    driver.close();
    driver.close();
    expect(() => statement.get([])).toThrow(SqlMisuse);
    expect(() => driver.exec('SELECT 1')).toThrow(SqlMisuse);
  });
});

it('says that somebody else writes for longer than it waits', () => {
  const path = join(folder, 'busy.db');
  const [first, second] = [openDriver(path), openDriver(path, { busyTimeoutMs: 0 })];
  first.exec('CREATE TABLE things (id INTEGER PRIMARY KEY)');
  let thrown: unknown;
  first.transaction(() => {
    try {
      second.transaction(() => undefined);
    } catch (error) {
      thrown = error;
    }
  });
  expect(thrown).toMatchObject({ name: 'Unavailable', code: 'STORE_UNAVAILABLE' });
  expect(isBusy(thrown)).toBe(true);
  second.close();
  first.close();
});

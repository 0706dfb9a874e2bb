import { createContextTables } from './schema.js';
import { openDriver, type SqlDriver } from './sql-driver.js';
import { writeTogether } from './writer.js';

function database(): SqlDriver {
  const driver = openDriver(':memory:');
  createContextTables(driver, 1);
  return driver;
}

const job = (id: string) => ({ name: 'enqueue' as const, values: ['mail', id, '{}', 0] });
const ids = (driver: SqlDriver) => driver.prepare('SELECT id FROM jobs ORDER BY seq').all([]).flat();

it('stores what waits together in one transaction, each with its own answer', () => {
  const driver = database();
  let transactions = 0;
  const counted: SqlDriver = {
    exec: (sql) => driver.exec(sql),
    prepare: (sql) => driver.prepare(sql),
    transaction: (work) => (transactions++, driver.transaction(work)),
    close: () => driver.close(),
  };
  expect(writeTogether(counted, [job('a'), job('b'), job('a')])).toEqual([
    { answer: 1 },
    { answer: 1 },
    { answer: 0 },
  ]);
  expect(transactions).toBe(1);
  expect(ids(driver)).toEqual(['a', 'b']);
});

it('lets a write that throws fail alone, and stores nothing of it', () => {
  const driver = database();
  const bad = { name: 'enqueue' as const, values: ['mail', 'bad'] };
  const outcomes = writeTogether(driver, [job('a'), bad, job('b')]);
  expect(outcomes.map((outcome) => 'error' in outcome)).toEqual([false, true, false]);
  expect(ids(driver)).toEqual(['a', 'b']);
});

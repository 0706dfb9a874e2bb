import type { SqlDriver, SqlValue } from './sql-driver.js';

/** Makes or replaces a record: `id, revision before (0: none), body`. False when the record has another revision. */
export function putRecord(driver: SqlDriver, [id, before, body]: readonly SqlValue[]): boolean {
  const { changes } =
    before === 0
      ? driver
          .prepare('INSERT INTO records (id, rev, body) VALUES (?, 1, ?) ON CONFLICT DO NOTHING')
          .run([id!, body!])
      : driver
          .prepare('UPDATE records SET rev = rev + 1, body = ? WHERE id = ? AND rev = ?')
          .run([body!, id!, before!]);
  return changes === 1;
}

/** Removes a record: `id, revision, body`. False when there is no such record. */
export function removeRecord(driver: SqlDriver, values: readonly SqlValue[]): boolean {
  const { changes } = driver.prepare('DELETE FROM records WHERE id = ? AND rev = ? AND body = ?').run(values);
  return changes === 1;
}

import type { SqlDriver, SqlValue } from './sql-driver.js';

/** Takes `queue, id, data, due`. Returns 1, or 0 when the id is known. */
export function enqueue(driver: SqlDriver, flat: readonly SqlValue[]): number {
  return driver
    .prepare(
      `INSERT INTO jobs (queue, id, data, state, attempts, due) VALUES (?, ?, ?, 'waiting', 0, ?)
       ON CONFLICT DO NOTHING`,
    )
    .run(flat).changes;
}

/** Takes `queue, id`. Returns 1 when the job was waiting and now runs. */
export function begin(driver: SqlDriver, flat: readonly SqlValue[]): number {
  return driver
    .prepare(
      `UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE queue = ? AND id = ? AND state = 'waiting'`,
    )
    .run(flat).changes;
}

/** Takes `state, due, reason, queue, id` of a running job. */
export function end(driver: SqlDriver, flat: readonly SqlValue[]): number {
  return driver
    .prepare(
      `UPDATE jobs SET state = ?, due = ?, reason = ? WHERE queue = ? AND id = ? AND state = 'running'`,
    )
    .run(flat).changes;
}

/** Takes `queue, ids as JSON`. Makes all running jobs of the queue wait again, except these. */
export function recover(driver: SqlDriver, flat: readonly SqlValue[]): number {
  return driver
    .prepare(
      `UPDATE jobs SET state = 'waiting'
       WHERE queue = ? AND state = 'running' AND id NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(flat).changes;
}

/** Takes `due, queue, id`. Returns 1 when the job was parked. */
export function retry(driver: SqlDriver, flat: readonly SqlValue[]): number {
  return driver
    .prepare(
      `UPDATE jobs SET state = 'waiting', attempts = 0, due = ? WHERE queue = ? AND id = ? AND state = 'parked'`,
    )
    .run(flat).changes;
}

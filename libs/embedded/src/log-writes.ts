import type { SqlDriver, SqlValue } from './sql-driver.js';

export const partitionSpan = 2 ** 40;

/** Values per record in `publish`, in the table's order after `previous`. */
export const recordWidth = 13;

/**
 * Takes `context, partition, from, to`, then per record `position, key, type, schema, stream, event id, time, recorded
 * at, actor, correlation, causation, body, trace context`. Returns the offset of the first record and the position that
 * the context published before it; nothing when the lane is not at `from`.
 */
export function publish(driver: SqlDriver, flat: readonly SqlValue[]): readonly number[] {
  const [context, partition, from, to] = flat as readonly [string, number, number, number];
  const lane = driver
    .prepare('SELECT scanned, published FROM lanes WHERE context = ? AND partition = ?')
    .get([context, partition]);
  if ((lane ? lane[0] : 0) !== from) return [];
  const before = lane ? (lane[1] as number) : 0;
  let previous: SqlValue = before;
  let id =
    (driver
      .prepare('SELECT max(id) FROM records WHERE id >= ? AND id < ?')
      .get([partition * partitionSpan, (partition + 1) * partitionSpan])![0] as number | null) ??
    partition * partitionSpan;
  const first = id + 1 - partition * partitionSpan;
  const insert = driver.prepare(
    'INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (let at = 4; at < flat.length; at += recordWidth) {
    const position: SqlValue = flat[at]!;
    insert.run([++id, context, position, previous, ...flat.slice(at + 1, at + recordWidth)]);
    previous = position;
  }
  driver
    .prepare(
      `INSERT INTO lanes VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET scanned = excluded.scanned, published = excluded.published`,
    )
    .run([context, partition, to, previous]);
  return [first, before];
}

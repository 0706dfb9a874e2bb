import type { SqlDriver, SqlValue } from './sql-driver.js';

/** The values of one row's declared indexes. */
export type Entries = Readonly<Record<string, readonly string[]>>;

/**
 * Commits one batch. Its values are flat, because they cross a thread: `model, partition, from, checkpoint, number of
 * rows, (key, body or null, entries or null)…, changes of cells as JSON [[cell, change]], cells that may have reached 0
 * as JSON, offsets that are no longer parked as JSON, (offset, parked)…`. Cells are many and small, so one statement
 * takes them all. Returns 1, or 0 when the checkpoint's `rev` is not `from`.
 */
export function commitRows(driver: SqlDriver, flat: readonly SqlValue[]): number {
  const [name, partition, from, checkpoint, rowCount] = flat as readonly [
    string,
    number,
    number,
    string,
    number,
  ];
  const rowsEnd = 5 + rowCount * 3;

  let known = driver.prepare('SELECT id, indexed FROM models WHERE name = ?').get([name]);
  if (!known) {
    if (from !== 0) return 0;
    const { lastId } = driver.prepare('INSERT INTO models (name, indexed) VALUES (?, 0)').run([name]);
    known = [lastId, 0];
  }
  const model = known[0] as number;
  if (!moveHead(driver, model, partition, from, checkpoint)) return 0;

  let indexed = known[1] === 1;
  const put = driver.prepare(
    `INSERT INTO rows VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET body = excluded.body, entries = excluded.entries`,
  );
  for (let at = 5; at < rowsEnd; at += 3) {
    const key = flat[at] as string;
    const body = flat[at + 1]!;
    const entries = flat[at + 2] as string | null;
    if (entries !== null && !indexed) {
      indexed = true;
      driver.prepare('UPDATE models SET indexed = 1 WHERE id = ?').run([model]);
    }
    if (indexed) moveEntries(driver, model, key, entries);
    if (body === null) driver.prepare('DELETE FROM rows WHERE model = ? AND key = ?').run([model, key]);
    else put.run([model, key, body, entries]);
  }

  const [cells, sunk] = [flat[rowsEnd]!, flat[rowsEnd + 1]!];
  if (cells !== '[]') {
    driver
      .prepare(
        `INSERT INTO cells SELECT ?, value ->> 0, ?, value ->> 1 FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET n = n + excluded.n`,
      )
      .run([model, partition, cells]);
  }
  if (sunk !== '[]') {
    driver
      .prepare(
        `DELETE FROM cells
         WHERE model = ? AND cell IN (SELECT value FROM json_each(?)) AND partition = ? AND n = 0`,
      )
      .run([model, sunk, partition]);
  }

  const unparked = flat[rowsEnd + 2]!;
  if (unparked !== '[]') {
    driver
      .prepare(
        'DELETE FROM parked WHERE model = ? AND partition = ? AND at IN (SELECT value FROM json_each(?))',
      )
      .run([model, partition, unparked]);
  }
  const park = driver.prepare(
    'INSERT INTO parked VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
  );
  for (let at = rowsEnd + 3; at < flat.length; at += 2)
    park.run([model, partition, flat[at]!, flat[at + 1]!]);
  return 1;
}

function moveHead(
  driver: SqlDriver,
  model: number,
  partition: number,
  from: number,
  checkpoint: string,
): boolean {
  const moved =
    from === 0
      ? driver
          .prepare('INSERT INTO heads VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING')
          .run([model, partition, checkpoint])
      : driver
          .prepare('UPDATE heads SET rev = rev + 1, body = ? WHERE model = ? AND partition = ? AND rev = ?')
          .run([checkpoint, model, partition, from]);
  return moved.changes === 1;
}

function moveEntries(driver: SqlDriver, model: number, key: string, entries: string | null): void {
  const before =
    driver.prepare('SELECT entries FROM rows WHERE model = ? AND key = ?').get([model, key])?.[0] ?? null;
  if (before === entries) return;
  const leave = driver.prepare('DELETE FROM entries WHERE model = ? AND name = ? AND value = ? AND key = ?');
  each(before, (name, value) => leave.run([model, name, value, key]));
  const enter = driver.prepare('INSERT INTO entries VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  each(entries, (name, value) => enter.run([model, name, value, key]));
}

function each(entries: SqlValue, visit: (name: string, value: string) => void): void {
  if (entries === null) return;
  for (const [name, values] of Object.entries(JSON.parse(entries as string) as Entries)) {
    for (const value of values) visit(name, value);
  }
}

/** Takes `model, rows at most`. Returns 1 while something is left to delete; the model's own row is deleted last. */
export function dropRows(driver: SqlDriver, flat: readonly SqlValue[]): number {
  const [name, most] = flat as readonly [string, number];
  const model = driver.prepare('SELECT id FROM models WHERE name = ?').get([name])?.[0];
  if (model === undefined) return 0;
  // Without its checkpoints the model is gone for every reader, and the rest only uses space.
  driver.prepare('DELETE FROM heads WHERE model = ?').run([model]);
  for (const [table, key] of [
    ['entries', '(name, value, key)'],
    ['rows', 'key'],
    ['cells', '(cell, partition)'],
    ['parked', '(partition, at)'],
  ] as const) {
    const columns = key.replace(/[()]/g, '');
    const { changes } = driver
      .prepare(
        `DELETE FROM ${table} WHERE model = ? AND ${key} IN (SELECT ${columns} FROM ${table} WHERE model = ? LIMIT ?)`,
      )
      .run([model, model, most]);
    if (changes > 0) return 1;
  }
  driver.prepare('DELETE FROM models WHERE id = ?').run([model]);
  return 0;
}

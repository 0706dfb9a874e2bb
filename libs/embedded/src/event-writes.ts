import { PackWriter } from './commit-packs.js';
import type { SqlDriver, SqlValue } from './sql-driver.js';

/** Results of `append`: the id of the commit's first row, or one of these. */
export const conflict = 0;
export const repeated = -1;

/**
 * Somebody else stored a data key for the subject at the same time. Nothing of the request is stored; seal again with
 * the stored key.
 */
export class DataKeyTaken extends Error {
  override readonly name = 'DataKeyTaken';
}

/** Values of a row in `append`. */
const rowWidth = 5;

/**
 * Appends commits. Their values are flat, because they cross a thread: per commit `stream, expected version, last
 * version, command, recorded at, actor, number of data keys, (subject, wrapped key)…, number of rows, (partition,
 * version, count, facts, body)…`. Returns one number per commit; the rows of a commit have consecutive ids.
 */
export function append(driver: SqlDriver, flat: readonly SqlValue[]): number[] {
  const insert = driver.prepare(
    `INSERT INTO commits (partition, stream, version, last, count, facts, command, recorded_at, actor, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const answers: number[] = [];
  const isAlone = flat.length === rowWidth + 8 + 2 * (flat[6] as number);
  const pack = new PackWriter(driver);
  let at = 0;
  while (at < flat.length) {
    const stream = flat[at] as string;
    const expected = flat[at + 1] as number;
    const last = flat[at + 2]!;
    const command = flat[at + 3] as string;
    const recordedAt = flat[at + 4]!;
    const actor = flat[at + 5]!;
    const keyCount = flat[at + 6] as number;
    const keysAt = at + 7;
    const rowsAt = keysAt + keyCount * 2 + 1;
    const rowCount = flat[rowsAt - 1] as number;
    at = rowsAt + rowCount * rowWidth;
    // At version 0 the unique insert alone detects a conflict, unless data keys come with it: a conflict must not leave
    // them behind.
    if (expected > 0 || keyCount > 0) {
      if (versionOf(driver, stream) !== expected) {
        answers.push(isRepeated(driver, stream, expected, command) ? repeated : conflict);
        continue;
      }
    }
    for (let key = keysAt; key < rowsAt - 1; key += 2)
      storeKey(driver, flat[key] as string, flat[key + 1] as Uint8Array);
    let first = 0;
    for (let row = rowsAt; row < at; row += rowWidth) {
      const body = flat[row + 4] as string;
      const { changes, lastId } = insert.run([
        flat[row]!,
        stream,
        flat[row + 1]!,
        last,
        flat[row + 2]!,
        flat[row + 3]!,
        command,
        recordedAt,
        actor,
        isAlone ? body : pack.place,
      ]);
      if (row === rowsAt) {
        if (changes === 0) break;
        first = lastId;
      } else if (changes === 0) {
        throw new Error('a commit met its own versions');
      }
      if (!isAlone) pack.add(lastId, body);
    }
    if (first === 0) answers.push(isRepeated(driver, stream, expected, command) ? repeated : conflict);
    else answers.push(first);
  }
  pack.close();
  return answers;
}

/** Deletes the data keys of these subjects, and answers how many there were. */
export function destroyKeys(driver: SqlDriver, subjects: readonly SqlValue[]): number {
  const remove = driver.prepare('DELETE FROM keys WHERE subject = ?');
  return subjects.reduce((count: number, subject) => count + remove.run([subject]).changes, 0);
}

function versionOf(driver: SqlDriver, stream: string): number {
  const row = driver
    .prepare('SELECT last FROM commits WHERE stream = ? ORDER BY version DESC LIMIT 1')
    .get([stream]);
  return row ? (row[0] as number) : 0;
}

function isRepeated(driver: SqlDriver, stream: string, expected: number, command: string): boolean {
  const row = driver
    .prepare('SELECT command FROM commits WHERE stream = ? AND version = ?')
    .get([stream, expected + 1]);
  return row !== undefined && row[0] === command;
}

function storeKey(driver: SqlDriver, subject: string, wrapped: Uint8Array): void {
  const { changes } = driver
    .prepare('INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run([subject, wrapped]);
  if (changes === 1) return;
  const stored = driver
    .prepare('SELECT wrapped FROM keys WHERE subject = ?')
    .get([subject])![0] as Uint8Array;
  if (Buffer.compare(stored, wrapped) !== 0) throw new DataKeyTaken(subject);
}

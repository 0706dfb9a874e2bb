import { PageWriter } from './log-pages.js';
import type { SqlDriver, SqlValue } from './sql-driver.js';

/** Values per record in `publish`. */
const recordWidth = 3;

/**
 * Takes `context, partition, from, to`, then per record `position, type, packed text`. Returns the offset of the first
 * record and the position that the context published before it; nothing when the lane is not at `from`.
 */
export function publish(driver: SqlDriver, flat: readonly SqlValue[]): readonly number[] {
  const [context, partition, from, to] = flat as readonly [string, number, number, number];
  const lane = driver
    .prepare('SELECT scanned, published FROM lanes WHERE context = ? AND partition = ?')
    .get([context, partition]);
  if ((lane ? lane[0] : 0) !== from) return [];
  const before = lane ? (lane[1] as number) : 0;
  let previous = before;
  const pages = new PageWriter(driver, partition);
  const first = pages.next;
  for (let at = 4; at < flat.length; at += recordWidth) {
    const position = flat[at] as number;
    pages.add(context, previous, position, flat[at + 1] as string, flat[at + 2] as string);
    previous = position;
  }
  pages.store();
  driver
    .prepare(
      `INSERT INTO lanes VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET scanned = excluded.scanned, published = excluded.published`,
    )
    .run([context, partition, to, previous]);
  return [first, before];
}

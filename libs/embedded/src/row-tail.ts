import type { PartBody, PartPlace } from '@readership/kernel';
import { readRow } from './event-rows.js';
import type { SqlRow } from './sql-driver.js';
import { Tail } from './tail.js';

/**
 * The last rows of commits that this process appended, of all partitions. The relay and the consumers of own events,
 * which stand at the end nearly always, read them here, so that a row is neither fetched nor parsed for each of them.
 */
export class RowTail {
  private readonly rows: Tail<SqlRow>;
  private readonly parsed = new WeakMap<SqlRow, readonly [PartPlace, PartBody]>();

  constructor(unitsMax?: number) {
    this.rows = new Tail(
      { place: (row) => row[0] as number, size: (row) => (row[7] as string).length },
      unitsMax,
    );
  }

  /** Adds a row that was just stored. */
  add(row: SqlRow): void {
    this.rows.add(row);
  }

  /** At most `limit` rows of a partition from an id on. Nothing when they do not all lie here, up to the last. */
  since(id: number, partition: number, limit: number): readonly SqlRow[] {
    return this.rows.since(id, limit, (row) => row[1] === partition);
  }

  /** Reads a row. One that lies here is parsed once. */
  read(row: SqlRow): readonly [PartPlace, PartBody] {
    const known = this.parsed.get(row);
    if (known !== undefined) return known;
    const read = readRow(row);
    if (this.rows.has(row)) this.parsed.set(row, read);
    return read;
  }
}

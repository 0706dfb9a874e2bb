import type { PartBody, PartPlace } from '@readership/kernel';
import { readRow } from './event-rows.js';
import type { SqlRow } from './sql-driver.js';

const unitsMaxUsual = 4 * 1024 * 1024;

/**
 * The last rows of commits that this process appended, of all partitions, in the order of their ids. The relay and the
 * consumers of own events, which stand at the end nearly always, read them here, so that a row is neither fetched nor
 * parsed for each of them. At most `unitsMax` characters of bodies are kept.
 */
export class RowTail {
  private rows: SqlRow[] = [];
  /** Index of the oldest row that is kept. */
  private from = 0;
  private units = 0;
  private readonly parsed = new WeakMap<SqlRow, readonly [PartPlace, PartBody]>();

  constructor(private readonly unitsMax = unitsMaxUsual) {}

  /**
   * Adds a row that was just stored. One that does not follow the last takes the place of all, when it is newer, for
   * somebody else has appended in between, and is not kept when it is older.
   */
  add(row: SqlRow): void {
    const id = idOf(row);
    const { end } = this;
    if (id <= end) return;
    if (id > end + 1) this.clear();
    this.rows.push(row);
    this.units += unitsOf(row);
    while (this.units > this.unitsMax) this.units -= unitsOf(this.rows[this.from++]!);
    // What was dropped must not stay for long: rows may be large.
    if (this.from * 2 > this.rows.length) {
      this.rows = this.rows.slice(this.from);
      this.from = 0;
    }
  }

  /** At most `limit` rows of a partition from an id on. Nothing when they do not all lie here, up to the last. */
  since(id: number, partition: number, limit: number): readonly SqlRow[] {
    const first = this.rows[this.from];
    if (first === undefined || id < idOf(first)) return [];
    const found: SqlRow[] = [];
    for (let at = this.from + id - idOf(first); at < this.rows.length && found.length < limit; at++) {
      const row = this.rows[at]!;
      if (row[1] === partition) found.push(row);
    }
    return found;
  }

  /** Reads a row. One that lies here is parsed once. */
  read(row: SqlRow): readonly [PartPlace, PartBody] {
    const known = this.parsed.get(row);
    if (known !== undefined) return known;
    const read = readRow(row);
    const first = this.rows[this.from];
    if (first !== undefined && this.rows[this.from + idOf(row) - idOf(first)] === row)
      this.parsed.set(row, read);
    return read;
  }

  private get end(): number {
    const last = this.rows[this.rows.length - 1];
    return last === undefined ? 0 : idOf(last);
  }

  private clear(): void {
    this.rows = [];
    this.from = 0;
    this.units = 0;
  }
}

function idOf(row: SqlRow): number {
  return row[0] as number;
}

function unitsOf(row: SqlRow): number {
  return (row[7] as string).length;
}

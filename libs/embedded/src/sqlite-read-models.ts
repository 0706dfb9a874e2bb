import {
  checkRanges,
  ReadModels,
  start,
  type Batch,
  type CellRange,
  type CellShare,
  type Checkpoint,
  type IndexValues,
  type ListPage,
  type Page,
  type Parked,
} from '@readership/kernel';
import type { Entries } from './row-writes.js';
import { checkValue, type SqlDriver, type SqlRow, type SqlValue } from './sql-driver.js';
import { afterPrefix, before, disjoint, plainStart } from './text-order.js';
import type { SqlWriter } from './writer.js';

const modelOf = '(SELECT id FROM models WHERE name = ?)';
const dropAtOnce = 10_000;
const keysAtOnce = 500;
/** Sorts after every text, because it is a blob. */
const theEnd = new Uint8Array(0);

/** Rows, counts and checkpoints of one context in its database. */
export class SqliteReadModels extends ReadModels {
  constructor(
    private readonly driver: SqlDriver,
    private readonly writer: SqlWriter,
    readonly partitions: number,
  ) {
    super();
  }

  async checkpoint(model: string, partition: number): Promise<Checkpoint> {
    const row = this.driver
      .prepare(`SELECT rev, body FROM heads WHERE model = ${modelOf} AND partition = ?`)
      .get([model, partition]);
    return row ? checkpointOf(row) : start;
  }

  async checkpoints(model: string): Promise<readonly Checkpoint[]> {
    const checkpoints = Array.from({ length: this.partitions }, () => start);
    const heads = this.driver
      .prepare(`SELECT rev, body, partition FROM heads WHERE model = ${modelOf}`)
      .all([model]);
    for (const row of heads) checkpoints[row[2] as number] = checkpointOf(row);
    return checkpoints;
  }

  async get<Row extends object>(model: string, key: string): Promise<Row | null> {
    const row = this.driver
      .prepare(`SELECT body FROM rows WHERE model = ${modelOf} AND key = ?`)
      .get([model, key]);
    return row ? (JSON.parse(row[0] as string) as Row) : null;
  }

  async getMany<Row extends object>(
    model: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, Row>> {
    const found = new Map<string, Row>();
    const select = this.driver.prepare(
      `SELECT key, body FROM rows WHERE model = ${modelOf} AND key IN (SELECT value FROM json_each(?))`,
    );
    for (let at = 0; at < keys.length; at += keysAtOnce) {
      const some = JSON.stringify(keys.slice(at, at + keysAtOnce));
      for (const [key, body] of select.all([model, some]))
        found.set(key as string, JSON.parse(body as string) as Row);
    }
    return found;
  }

  async find<Row extends object>(
    model: string,
    index: string,
    by: IndexValues,
    page: ListPage,
  ): Promise<Page<Row>> {
    const { descending = false } = page;
    const { from, to } = boundsOf(by);
    const [begin, end] = descending ? [to, from] : [from, to];
    let [value, key]: readonly [SqlValue, string] =
      page.after === undefined ? [begin, ''] : (JSON.parse(page.after) as [string, string]);
    const select = this.driver.prepare(
      `SELECT e.value, e.key, r.body, r.entries
       FROM entries e JOIN rows r ON r.model = e.model AND r.key = e.key
       WHERE e.model = ${modelOf} AND e.name = ?
       ${
         descending
           ? 'AND (e.value, e.key) < (?, ?) AND e.value >= ? ORDER BY e.value DESC, e.key DESC'
           : 'AND (e.value, e.key) > (?, ?) AND e.value < ? ORDER BY e.value, e.key'
       } LIMIT ?`,
    );
    const rows: { key: string; row: Row }[] = [];
    let next: string | null = null;
    for (;;) {
      const found = select.all([model, index, value, key, end, page.limit + 1]);
      for (const row of found) {
        [value, key] = row as unknown as [string, string];
        if ('value' in by ? value !== by.value : !isFirst(row, index, from)) continue;
        if (rows.length === page.limit) return { rows, next };
        rows.push({ key, row: JSON.parse(row[2] as string) as Row });
        next = JSON.stringify([value, key]);
      }
      if (found.length <= page.limit) return { rows, next: null };
    }
  }

  async under<Row extends object>(model: string, key: string, page: ListPage): Promise<Page<Row>> {
    // '0' is the character after '/'.
    return this.between(model, [`${key}/`, `${key}0`], page);
  }

  async all<Row extends object>(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<Page<Row>> {
    return this.between(model, ['', theEnd], page);
  }

  /**
   * All cells come as two arrays of JSON in one row, because the engine takes longer to hand over a row than to find
   * ten. The join begins with the ranges (`CROSS JOIN` says so), each of which is then searched in the primary key.
   */
  async cells(model: string, ranges: readonly CellRange[]): Promise<ReadonlyMap<string, number>> {
    checkRanges(ranges);
    const [names, counts] = this.driver
      .prepare(
        `SELECT json_group_array(c.cell), json_group_array(c.n)
         FROM json_each(?) r CROSS JOIN cells c
         WHERE c.model = ${modelOf} AND c.cell >= r.value ->> 0 AND c.cell < coalesce(r.value ->> 1, x'')`,
      )
      .get([JSON.stringify(disjoint(ranges)), model])!
      .map((column) => JSON.parse(column as string) as unknown[]) as [string[], number[]];
    // The database's bounds are wider where its order differs.
    const isPlain = ranges.every(({ from, to }) => plainStart(from) === from && plainStart(to) === to);
    const sums = new Map<string, number>();
    for (const [at, cell] of names.entries()) {
      if (isPlain || ranges.some(({ from, to }) => cell >= from && cell < to))
        sums.set(cell, (sums.get(cell) ?? 0) + counts[at]!);
    }
    return sums;
  }

  async shares(
    model: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly shares: readonly CellShare[]; readonly next: string | null }> {
    const from = page.after === undefined ? ['', -1] : (JSON.parse(page.after) as [string, number]);
    const found = this.driver
      .prepare(
        `SELECT cell, partition, n FROM cells WHERE model = ${modelOf} AND (cell, partition) > (?, ?) AND n <> 0
         ORDER BY cell, partition LIMIT ?`,
      )
      .all([model, ...from, page.limit + 1]) as readonly (readonly [string, number, number])[];
    const shares = found.slice(0, page.limit).map(([cell, partition, n]) => ({ cell, partition, n }));
    const last = shares[shares.length - 1];
    const next = found.length > page.limit ? JSON.stringify([last!.cell, last!.partition]) : null;
    return { shares, next };
  }

  async commit(model: string, partition: number, batch: Batch): Promise<'committed' | 'stale'> {
    const { from, to, rows, cells, parked, unparked } = batch;
    const flat: SqlValue[] = [model, partition, from, JSON.stringify({ ...to, rev: undefined }), rows.size];
    for (const [key, { row, indexes }] of rows) {
      flat.push(key, row === null ? null : JSON.stringify(row), row === null ? null : entriesOf(indexes));
    }
    const changes: (readonly [string, number])[] = [];
    const sunk: string[] = [];
    for (const [cell, change] of cells) {
      checkValue(cell);
      checkValue(change);
      changes.push([cell, change]);
      if (change < 0) sunk.push(cell);
    }
    flat.push(JSON.stringify(changes), JSON.stringify(sunk), JSON.stringify(unparked));
    for (const record of parked) flat.push(record.offset, JSON.stringify(record));
    return (await this.writer.write('commitRows', flat)) === 1 ? 'committed' : 'stale';
  }

  async parked(
    model: string,
    partition: number,
    page: { readonly after?: number; readonly limit: number; readonly key?: string },
  ): Promise<readonly Parked[]> {
    const ofKey = page.key === undefined ? '' : ` AND body ->> 'key' = ?`;
    return this.driver
      .prepare(
        `SELECT body FROM parked WHERE model = ${modelOf} AND partition = ? AND at > ?${ofKey} ORDER BY at LIMIT ?`,
      )
      .all([model, partition, page.after ?? 0, ...(page.key === undefined ? [] : [page.key]), page.limit])
      .map(([body]) => JSON.parse(body as string) as Parked);
  }

  async drop(model: string): Promise<void> {
    while ((await this.writer.write('dropRows', [model, dropAtOnce])) === 1);
  }

  async models(): Promise<readonly string[]> {
    return this.driver
      .prepare('SELECT name FROM models WHERE id IN (SELECT model FROM heads) ORDER BY name')
      .all([])
      .map(([name]) => name as string);
  }

  private between<Row extends object>(
    model: string,
    [from, to]: readonly [string, SqlValue],
    { after, limit, descending = false }: ListPage,
  ): Page<Row> {
    const found = this.driver
      .prepare(
        `SELECT key, body FROM rows WHERE model = ${modelOf} AND key > ? AND key < ?
         ORDER BY key ${descending ? 'DESC' : 'ASC'} LIMIT ?`,
      )
      .all([model, ...(descending ? [from, after ?? to] : [after ?? from, to]), limit + 1]);
    const rows = found
      .slice(0, limit)
      .map(([key, body]) => ({ key: key as string, row: JSON.parse(body as string) as Row }));
    return { rows, next: found.length > limit ? rows[rows.length - 1]!.key : null };
  }
}

/** A checkpoint from the first two columns: `rev` and `body`. */
function checkpointOf([rev, body]: SqlRow): Checkpoint {
  return { ...(JSON.parse(body as string) as Omit<Checkpoint, 'rev'>), rev: rev as number };
}

/** `null` when no index is declared, so that nothing has to be looked up when the row changes. */
function entriesOf(indexes: Readonly<Record<string, readonly string[]>>): string | null {
  const names = Object.keys(indexes);
  return names.length === 0 ? null : JSON.stringify(indexes satisfies Entries);
}

/** The values of an index are at least `from` and below `to`. */
function boundsOf(by: IndexValues): { readonly from: string; readonly to: SqlValue } {
  if ('value' in by) return { from: by.value, to: `${by.value}\u0001` };
  return 'prefix' in by ? { from: by.prefix, to: afterPrefix(by.prefix) ?? theEnd } : by;
}

/** True when this is the first of the row's values from `from` on. A row comes in a list once, at that value. */
function isFirst(row: SqlRow, index: string, from: string): boolean {
  const value = row[0] as string;
  const values = (JSON.parse(row[3] as string) as Entries)[index]!;
  return !values.some((other) => !before(other, from) && before(other, value));
}

import { LRUCache } from 'lru-cache';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { rowColumns } from './event-rows.js';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.js';

/*
 * How `body` of the table `commits` is stored. A row that is appended alone holds its text. Rows that are appended together
 * are packed: the first holds the texts of all, compressed, and each of the others its distance from the first, in digits.
 * A text begins with `[`, so the three cannot be confused.
 */

/**
 * Whoever reads one row opens its whole pack. A pack of an interaction's size nearly fills two of SQLite's pages; with half
 * as many rows a quarter of the space would stay empty.
 */
const rowsMax = 32;
const unitsMax = 64 * 1024;
/** Higher levels save 7 % of the size and take twice as long. */
const level = 3;
/** JSON text holds no line break. */
const between = '\n';
const packsKept = 8;

/** Packs the bodies of rows as they are inserted, within a transaction. */
export class PackWriter {
  private first = 0;
  private texts: string[] = [];
  private units = 0;

  constructor(private readonly driver: SqlDriver) {}

  /** What the next row is inserted with. */
  get place(): string {
    return String(this.texts.length);
  }

  /** Takes the body of the row that was just inserted. Rows have consecutive ids. */
  add(id: number, text: string): void {
    if (this.texts.length === 0) this.first = id;
    this.texts.push(text);
    this.units += text.length;
    if (this.texts.length === rowsMax || this.units >= unitsMax) this.close();
  }

  /** Stores what was taken. Call it once all rows are inserted. */
  close(): void {
    const { first, texts } = this;
    if (texts.length === 0) return;
    const body = texts.length === 1 ? texts[0]! : deflateRawSync(texts.join(between), { level });
    this.driver.prepare('UPDATE commits SET body = ? WHERE id = ?').run([body, first]);
    this.texts = [];
    this.units = 0;
  }
}

/** Reads rows of `rowColumns`, each with the text of its body. */
export class CommitRows {
  private readonly open = new LRUCache<number, readonly string[]>({ max: packsKept });

  constructor(private readonly driver: SqlDriver) {}

  /** @param which what follows `FROM commits` */
  select(which: string, values: readonly SqlValue[]): readonly SqlRow[] {
    const rows = this.driver.prepare(`SELECT ${rowColumns} FROM commits ${which}`).all(values);
    return rows.map((row) => this.withText(row));
  }

  *all(): Generator<SqlRow> {
    for (const row of this.driver.prepare(`SELECT ${rowColumns} FROM commits ORDER BY id`).iterate([]))
      yield this.withText(row);
  }

  private withText(row: SqlRow): SqlRow {
    const body = row[7]!;
    if (typeof body === 'string' && !isDistance(body)) return row;
    const copy = [...row];
    copy[7] = this.packed(row[0] as number, body);
    return copy;
  }

  /** Empty when there is no pack, or none that can be opened: then every event of the row is damaged. */
  private packed(id: number, body: SqlValue): string {
    const distance = typeof body === 'string' ? Number(body) : 0;
    const first = id - distance;
    let texts = this.open.get(first);
    if (texts === undefined) {
      texts = textsOf(distance === 0 ? body : this.bodyOf(first));
      // One that cannot be opened may have been mended when it is asked for again.
      if (texts.length > 0) this.open.set(first, texts);
    }
    return texts[distance] ?? '';
  }

  private bodyOf(id: number): SqlValue {
    return this.driver.prepare('SELECT body FROM commits WHERE id = ?').get([id])?.[0] ?? null;
  }
}

function isDistance(body: string): boolean {
  return body.length <= 2 && /^\d+$/.test(body);
}

/** The texts of a pack; none when it is damaged. */
function textsOf(body: SqlValue): readonly string[] {
  if (!(body instanceof Uint8Array)) return [];
  try {
    return inflateRawSync(body).toString().split(between);
  } catch {
    return [];
  }
}

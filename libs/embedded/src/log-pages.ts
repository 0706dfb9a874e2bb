import type { LogRecord, NewRecord, Position } from '@readership/kernel';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { SqlDriver } from './sql-driver.js';

/** A record's id is partition × 2^40 + offset, so each partition is stored together and in order. */
export const partitionSpan = 2 ** 40;

/** A page never goes beyond a multiple of this many records, so that counts to such a multiple need no body. */
const pageRecords = 50;
/** A page of this many characters takes no more records. */
const pageTextMax = 64 * 1024;
/** Higher levels save 2 % of the size and take twice as long. */
const level = 3;

/** A record as text, without its place: what stays the same wherever it comes to lie. */
type Packed = readonly [
  position: Position,
  key: string,
  type: string,
  schema: number,
  stream: string,
  id: string,
  time: string,
  recordedAt: string,
  actor: string,
  correlationId: string | null,
  causationId: string | null,
  traceparent: string | null,
  body: string,
];

/** Stands before the first record of a context, and wherever another position comes before than that of the last record. */
type Run = readonly [context: string, previous: Position];

export function packed(record: Omit<NewRecord, 'partition' | 'context'>): string {
  const text: Packed = [
    record.position,
    record.key,
    record.type,
    record.schema,
    record.stream,
    record.id,
    record.time,
    record.recordedAt,
    record.actor,
    record.correlationId ?? null,
    record.causationId ?? null,
    record.traceparent ?? null,
    record.body,
  ];
  return JSON.stringify(text);
}

/**
 * The records of a page.
 *
 * @param first offset of its first record
 * @param body as it is stored: compressed when the page takes no more records, else text
 */
export function unpacked(partition: number, first: number, body: string | Uint8Array): LogRecord[] {
  const text = typeof body === 'string' ? body : inflateRawSync(body).toString();
  const records: LogRecord[] = [];
  let context = '';
  let previous: Position = 0;
  for (const entry of JSON.parse(`[${text}]`) as readonly (Run | Packed)[]) {
    if (entry.length === 2) {
      [context, previous] = entry;
      continue;
    }
    // One literal, because a rebuild makes millions of them: objects spread into it cost three times as much.
    const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = {
      partition,
      offset: first + records.length,
      context,
      position: entry[0],
      previous,
      key: entry[1],
      type: entry[2],
      schema: entry[3],
      stream: entry[4],
      id: entry[5],
      time: entry[6],
      recordedAt: entry[7],
      actor: entry[8],
      body: entry[12],
    };
    if (entry[9] !== null) record.correlationId = entry[9];
    if (entry[10] !== null) record.causationId = entry[10];
    if (entry[11] !== null) record.traceparent = entry[11];
    records.push(record);
    previous = entry[0];
  }
  return records;
}

/** How a page counts the records of a context and type. Neither name contains a space. */
export function countName(context: string, type: string): string {
  return `${context} ${type}`;
}

interface Page {
  /** Id of its first record. */
  readonly id: number;
  count: number;
  readonly counts: Record<string, number>;
  readonly texts: string[];
  size: number;
}

/** Adds records to the end of a partition, within a transaction. Nothing is stored before `store`. */
export class PageWriter {
  private page: Page;
  /** Where the last record of the page leads; unknown in a page that was stored before. */
  private led: Run | null = null;

  constructor(
    private readonly driver: SqlDriver,
    private readonly partition: number,
  ) {
    this.page = this.lastPage();
  }

  /** Offset of the next record. */
  get next(): number {
    return this.page.id + this.page.count - this.partition * partitionSpan;
  }

  add(context: string, previous: Position, position: Position, type: string, text: string): void {
    if (this.isFull) {
      this.store();
      this.page = pageAt(this.page.id + this.page.count);
      this.led = null;
    }
    if (this.led === null || this.led[0] !== context || this.led[1] !== previous)
      this.append(JSON.stringify([context, previous] satisfies Run));
    this.append(text);
    this.led = [context, position];
    const { page } = this;
    const name = countName(context, type);
    page.counts[name] = (page.counts[name] ?? 0) + 1;
    page.count++;
  }

  store(): void {
    const { id, count, counts, texts } = this.page;
    if (count === 0) return;
    const text = texts.join();
    this.driver
      .prepare('INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)')
      .run([id, count, JSON.stringify(counts), this.isFull ? deflateRawSync(text, { level }) : text]);
  }

  private get isFull(): boolean {
    const { count, size } = this.page;
    return count > 0 && (size >= pageTextMax || (this.next - 1) % pageRecords === 0);
  }

  private append(text: string): void {
    this.page.texts.push(text);
    this.page.size += text.length + 1;
  }

  /** The last page if it takes more records, else the one that follows it. */
  private lastPage(): Page {
    const first = this.partition * partitionSpan;
    const row = this.driver
      .prepare('SELECT id, count, counts, body FROM pages WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1')
      .get([first, first + partitionSpan]);
    if (row === undefined) return pageAt(first + 1);
    const [id, count, counts, body] = row as unknown as readonly [
      number,
      number,
      string,
      string | Uint8Array,
    ];
    if (typeof body !== 'string') return pageAt(id + count);
    return {
      ...{ id, count, counts: JSON.parse(counts) as Record<string, number> },
      ...{ texts: [body], size: body.length + 1 },
    };
  }
}

function pageAt(id: number): Page {
  return { id, count: 0, counts: {}, texts: [], size: 0 };
}

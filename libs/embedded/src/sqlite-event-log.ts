import {
  WakeUp,
  EventLog,
  type Consumption,
  type Lane,
  type LogConsumer,
  type LogRecord,
  type NewRecord,
  type Position,
} from '@readership/kernel';
import { ConsumerGroup, type TakeFailed } from './consumer-group.js';
import { KnownTotals } from './known-totals.js';
import { countName, packed, partitionSpan, unpacked } from './log-pages.js';
import type { SqlDriver, SqlValue } from './sql-driver.js';
import { Tail, type TailOf } from './tail.js';
import type { SqlWriter } from './writer.js';

const windowBytesMax = 32 * 1024 * 1024;
const pagesAtOnce = 20;
const askEveryMs = 1_000;
const tailOfRecords: TailOf<LogRecord> = { place: ({ offset }) => offset, size: ({ body }) => body.length };

/** The published log of all contexts in one database, as pages of records; see log-pages.ts. */
export class SqliteEventLog extends EventLog {
  readonly windowMax = 50_000;
  private readonly wakeUp = new WakeUp();
  private readonly groups = new Map<string, ConsumerGroup>();
  private readonly tails: readonly Tail<LogRecord>[];
  /** The last known offset of each partition, and when the database told it. */
  private known: number[] = [];
  private askedAt = -Infinity;
  /** By partition: the number of records, by context and type. */
  private readonly counts: readonly KnownTotals<ReadonlyMap<string, number>>[];

  constructor(
    private readonly driver: SqlDriver,
    private readonly writer: SqlWriter,
    readonly partitions: number,
    private readonly onError: TakeFailed,
  ) {
    super();
    this.counts = Array.from({ length: partitions }, () => new KnownTotals(new Map()));
    this.tails = Array.from({ length: partitions }, () => new Tail<LogRecord>(tailOfRecords));
  }

  async lane(context: string, partition: number): Promise<Lane> {
    const row = this.driver
      .prepare('SELECT scanned, published FROM lanes WHERE context = ? AND partition = ?')
      .get([context, partition]);
    return row ? { scanned: row[0] as number, published: row[1] as number } : { scanned: 0, published: 0 };
  }

  async publish(
    context: string,
    partition: number,
    from: Position,
    to: Position,
    records: readonly NewRecord[],
  ): Promise<'published' | 'stale'> {
    const flat: SqlValue[] = [context, partition, from, to];
    for (const record of records) flat.push(record.position, record.type, packed(record));
    const [first, before] = await this.writer.write('publish', flat);
    if (first === undefined) return 'stale';
    if (records.length > 0) {
      const tail = this.tails[partition]!;
      for (const stored of placed(records, first, before!)) tail.add(stored);
      this.known[partition] = Math.max(this.known[partition] ?? 0, first + records.length - 1);
      this.wakeUp.wake();
    }
    return 'published';
  }

  /** Leaves the lane where it is: it moves in the transaction that stores the records, so no record can be missing. */
  async moveBack(context: string, partition: number): Promise<Lane> {
    return this.lane(context, partition);
  }

  /** Always empty, because records and lane are stored in one transaction. */
  async beyond(): ReturnType<EventLog['beyond']> {
    return new Map();
  }

  async reach(partition: number): Promise<Readonly<Record<string, Position>>> {
    const lanes = this.driver.prepare('SELECT context, published FROM lanes WHERE partition = ?');
    return Object.fromEntries(
      lanes.all([partition]).map(([context, published]) => [context as string, published as number]),
    );
  }

  async consume(consumer: LogConsumer): Promise<Consumption> {
    let group = this.groups.get(consumer.group);
    if (!group) {
      group = new ConsumerGroup(consumer.group, this.partitions, this, this.wakeUp, this.onError);
      this.groups.set(consumer.group, group);
    }
    return group.join(consumer);
  }

  async ends(): Promise<readonly number[]> {
    return this.ask();
  }

  /** Asks the database at most once a second, because every answer of figures wants to know. */
  knownEnds(): readonly number[] {
    return performance.now() - this.askedAt < askEveryMs ? [...this.known] : this.ask();
  }

  async account(
    partition: number,
    through?: number,
  ): Promise<readonly { readonly context: string; readonly type: string; readonly records: number }[]> {
    const records = Math.min(through ?? Infinity, this.end(partition));
    const counts = await this.counts[partition]!.before(records, (total, from, until) =>
      this.counted(partition, total, from, until),
    );
    return [...counts].map(([name, records]) => {
      const [context, type] = name.split(' ') as [string, string];
      return { context, type, records };
    });
  }

  /** The records of a partition after an offset, in order: at most `limit`, `windowMax` and about 32 MiB. */
  read(partition: number, after: number, limit: number): readonly LogRecord[] {
    const published = this.tails[partition]!.since(after + 1, Math.min(limit, this.windowMax));
    return published.length > 0 ? published : this.stored(partition, after, limit);
  }

  private stored(partition: number, after: number, limit: number): readonly LogRecord[] {
    const first = partition * partitionSpan;
    const select = this.driver.prepare(
      `SELECT id, body FROM pages WHERE id < ?
         AND id >= (SELECT max(id) FROM pages WHERE id > ? AND id <= ?) ORDER BY id LIMIT ${pagesAtOnce}`,
    );
    const records: LogRecord[] = [];
    const recordsMax = Math.min(limit, this.windowMax);
    let bytes = 0;
    for (let from = after; ;) {
      const pages = select.all([first + partitionSpan, first, first + from + 1]);
      for (const [id, body] of pages as readonly (readonly [number, string | Uint8Array])[]) {
        for (const record of unpacked(partition, id - first, body)) {
          if (record.offset <= from) continue;
          if (records.length === recordsMax || bytes >= windowBytesMax) return records;
          records.push(record);
          bytes += record.body.length;
        }
      }
      const end = records.at(-1)?.offset ?? from;
      if (end === from) return records;
      from = end;
    }
  }

  /** Adds the records after the offset `from`, with which a page ends, up to `until`. */
  private counted(
    partition: number,
    total: ReadonlyMap<string, number>,
    from: number,
    until: number,
  ): ReadonlyMap<string, number> {
    const first = partition * partitionSpan;
    const select = this.driver.prepare(
      'SELECT id, count, counts FROM pages INDEXED BY pages_counts WHERE id > ? AND id <= ?',
    );
    const sum = new Map(total);
    const add = (name: string, n: number): void => void sum.set(name, (sum.get(name) ?? 0) + n);
    for (const [id, count, counts] of select.all([first + from, first + until]) as readonly (readonly [
      number,
      number,
      string,
    ])[]) {
      if (id + count - 1 <= first + until)
        for (const [name, n] of Object.entries(JSON.parse(counts) as Record<string, number>)) add(name, n);
      else
        for (const { context, type } of this.stored(partition, id - first - 1, first + until - id + 1))
          add(countName(context, type), 1);
    }
    return sum;
  }

  /** Stops all consumers. Resolves when their current calls have ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.groups.values()].map((group) => group.stop()));
  }

  private ask(): readonly number[] {
    this.known = Array.from({ length: this.partitions }, (_, partition) => this.end(partition));
    this.askedAt = performance.now();
    return [...this.known];
  }

  private end(partition: number): number {
    const first = partition * partitionSpan;
    const row = this.driver
      .prepare(
        `SELECT id + count - 1 FROM pages INDEXED BY pages_counts
           WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1`,
      )
      .get([first, first + partitionSpan]);
    return row === undefined ? 0 : (row[0] as number) - first;
  }
}

/** One literal, because of every record that is published one is made: a spread costs thirty times as much. */
function recordOf(of: NewRecord, offset: number, previous: Position): LogRecord {
  const { partition, context, position, key, type, schema, stream, id, time, recordedAt, actor, body } = of;
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = {
    partition,
    offset,
    context,
    position,
    previous,
    key,
    type,
    schema,
    stream,
    id,
    time,
    recordedAt,
    actor,
    body,
  };
  if (of.correlationId !== undefined) record.correlationId = of.correlationId;
  if (of.causationId !== undefined) record.causationId = of.causationId;
  if (of.traceparent !== undefined) record.traceparent = of.traceparent;
  return record;
}

/** The records as they were stored: from the offset `first` on, each with the position published before it. */
function placed(records: readonly NewRecord[], first: number, before: Position): LogRecord[] {
  let previous = before;
  return records.map((record, at) => {
    const stored = recordOf(record, first + at, previous);
    previous = record.position;
    return stored;
  });
}

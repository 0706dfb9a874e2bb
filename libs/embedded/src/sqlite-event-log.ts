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
import { partitionSpan } from './log-writes.js';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.js';
import { Tail, type TailOf } from './tail.js';
import type { SqlWriter } from './writer.js';

const windowBytesMax = 32 * 1024 * 1024;
const rowsAtOnce = 1000;
const askEveryMs = 1_000;
/** Joins a context and a type into one text; neither contains a space. */
const between = ' ';
const tailOfRecords: TailOf<LogRecord> = { place: ({ offset }) => offset, size: ({ body }) => body.length };

/** The published log of all contexts in one database. */
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
    for (const record of records) {
      flat.push(
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
        record.body,
        record.traceparent ?? null,
      );
    }
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
    const first = partition * partitionSpan + 1;
    const count = this.driver.prepare(
      `SELECT context || '${between}' || type, count(*) FROM records WHERE id >= ? AND id < ? GROUP BY 1`,
    );
    const records = Math.min(through ?? Infinity, this.end(partition));
    const counts = await this.counts[partition]!.before(records, (total, from, until) => {
      const sum = new Map(total);
      for (const [name, n] of count.all([first + from, first + until]) as readonly (readonly [
        string,
        number,
      ])[])
        sum.set(name, (sum.get(name) ?? 0) + n);
      return sum;
    });
    return [...counts].map(([name, records]) => {
      const at = name.indexOf(between);
      return { context: name.slice(0, at), type: name.slice(at + 1), records };
    });
  }

  /** The records of a partition after an offset, in order: at most `limit`, `windowMax` and about 32 MiB. */
  read(partition: number, after: number, limit: number): readonly LogRecord[] {
    const published = this.tails[partition]!.since(after + 1, Math.min(limit, this.windowMax));
    return published.length > 0 ? published : this.stored(partition, after, limit);
  }

  private stored(partition: number, after: number, limit: number): readonly LogRecord[] {
    const first = partition * partitionSpan;
    const records: LogRecord[] = [];
    const select = this.driver.prepare('SELECT * FROM records WHERE id > ? AND id < ? ORDER BY id LIMIT ?');
    let from = first + after;
    let bytes = 0;
    const recordsMax = Math.min(limit, this.windowMax);
    while (records.length < recordsMax && bytes < windowBytesMax) {
      const most = Math.min(rowsAtOnce, recordsMax - records.length);
      const rows = select.all([from, first + partitionSpan, most]);
      for (const row of rows) {
        records.push(recordOf(row, partition));
        bytes += (row[14] as string).length;
      }
      if (rows.length < most) break;
      from = rows[rows.length - 1]![0] as number;
    }
    return records;
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
      .prepare('SELECT max(id) FROM records WHERE id > ? AND id < ?')
      .get([first, first + partitionSpan]);
    return row?.[0] === null || row === undefined ? 0 : (row[0] as number) - first;
  }
}

/** The records as they were stored: from the offset `first` on, each with the position published before it. */
function placed(records: readonly NewRecord[], first: number, before: Position): LogRecord[] {
  let previous = before;
  return records.map((record, at) => {
    const stored: LogRecord = { ...record, offset: first + at, previous };
    previous = record.position;
    return stored;
  });
}

function recordOf(row: SqlRow, partition: number): LogRecord {
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = {
    partition,
    offset: (row[0] as number) - partition * partitionSpan,
    context: row[1] as string,
    position: row[2] as number,
    previous: row[3] as number,
    key: row[4] as string,
    type: row[5] as string,
    schema: row[6] as number,
    stream: row[7] as string,
    id: row[8] as string,
    time: row[9] as string,
    recordedAt: row[10] as string,
    actor: row[11] as string,
    body: row[14] as string,
  };
  if (row[12] !== null) record.correlationId = row[12] as string;
  if (row[13] !== null) record.causationId = row[13] as string;
  if (row[15] !== null) record.traceparent = row[15] as string;
  return record;
}

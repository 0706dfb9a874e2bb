import {
  WakeUp,
  bodyOf,
  decodeOutbox,
  decodePart,
  encodeCommit,
  EventStore,
  mustBeWhole,
  publicationsOf,
  UnreadableEvents,
  uuidv7,
  type AnyEvent,
  type Appended,
  type Commit,
  type Encoding,
  type Mark,
  type Meta,
  type Opening,
  type OutboxEntry,
  type Position,
  type Publish,
  type Stored,
  type StoreAccount,
  type StreamPage,
} from '@readership/kernel';
import { CommitRows } from './commit-packs.js';
import type { DataKey, DataKeys } from './data-keys.js';
import { flatten, rowOf, rowSpan, type SealedCommit } from './event-rows.js';
import { conflict, DataKeyTaken, repeated } from './event-writes.js';
import { KnownTotals } from './known-totals.js';
import { RowTail } from './row-tail.js';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.js';
import type { SqlWriter } from './writer.js';

const pageEvents = 500;
const pageBytesMax = 8 * 1024 * 1024;
const rowsAtOnce = 100;
const commitsAtOnce = 500;
const attemptsMax = 5;
/** How long it takes at most to notice what another process appended. */
const pollMs = 250;
const waitingRows = 50_000;

type Counted = readonly [recorded: number, facts: number];

/** One context's streams in one database. It has a row per commit and partition, whose row id gives its position. */
export class SqliteEventStore extends EventStore {
  private readonly wakeUp = new WakeUp();
  readonly unreadable = new UnreadableEvents();
  private readonly opening: Opening;
  private readonly tail = new RowTail();
  private readonly rows: CommitRows;
  /** By partition. */
  private readonly counts: readonly KnownTotals<Counted>[];

  constructor(
    private readonly driver: SqlDriver,
    private readonly writer: SqlWriter,
    private readonly keys: DataKeys,
    private readonly publish: Publish<any>,
    readonly partitions: number,
  ) {
    super();
    this.counts = Array.from({ length: partitions }, () => new KnownTotals<Counted>([0, 0]));
    this.rows = new CommitRows(driver);
    this.opening = { keyOf: (subject) => keys.toOpen(subject), unreadable: this.unreadable };
  }

  async load(stream: string, afterVersion = 0): Promise<StreamPage> {
    // A commit that began before `afterVersion` may hold later events.
    const from = Math.max(0, afterVersion - 99);
    const rows = this.rows.select('WHERE stream = ? AND version > ? AND last > ? ORDER BY version LIMIT ?', [
      stream,
      from,
      afterVersion,
      rowsAtOnce + 1,
    ]);
    let take = rows.length;
    if (take > rowsAtOnce) {
      // A commit over several partitions has several rows with one last version; a page must not divide them.
      const cut = rows[rowsAtOnce]![3];
      take = rowsAtOnce;
      while (take > 0 && rows[take - 1]![3] === cut) take--;
    }
    let events: Stored[] = [];
    let bytes = 0;
    let read = 0;
    while (read < take && events.length < pageEvents && bytes < pageBytesMax) {
      for (const last = rows[read]![3]; read < take && rows[read]![3] === last; read++) {
        this.decode(rows[read]!, events);
        bytes += (rows[read]![7] as string).length;
      }
    }
    mustBeWhole(events);
    if (this.partitions > 1) events.sort((a, b) => a.version - b.version);
    if (afterVersion > 0) events = events.filter((event) => event.version > afterVersion);
    const version = events[events.length - 1]?.version ?? afterVersion;
    return { events, version, more: read < rows.length };
  }

  async append(
    stream: string,
    expectedVersion: number,
    events: readonly AnyEvent[],
    meta: Meta,
  ): Promise<Appended> {
    const [appended] = await this.appendEach([{ stream, expectedVersion, events, meta }]);
    return appended!;
  }

  async appendEach(commits: readonly Commit[]): Promise<readonly Appended[]> {
    const made = this.encode(commits);
    const chunks: SealedCommit[][] = [];
    for (let at = 0; at < made.length; at += commitsAtOnce) chunks.push(made.slice(at, at + commitsAtOnce));
    const answers = await Promise.all(chunks.map((chunk) => this.store(chunk)));
    return answers.flat();
  }

  async readPage(partition: number, after: Position, limit: number): Promise<readonly Stored[]> {
    return this.page<Stored>(partition, after, limit, (row, to) => this.decode(row, to));
  }

  async readOutbox(partition: number, after: Position, limit: number): Promise<readonly OutboxEntry[]> {
    return this.page<OutboxEntry>(partition, after, limit, (row, to) => this.decodeOutbox(row, to));
  }

  async end(partition: number): Promise<Position> {
    const row = this.driver
      .prepare('SELECT id, count FROM commits WHERE partition = ? ORDER BY id DESC LIMIT 1')
      .get([partition]);
    return row ? (row[0] as number) * rowSpan + (row[1] as number) - 1 : 0;
  }

  async account(partition: number, through?: Position): Promise<StoreAccount> {
    const last = through ?? (await this.end(partition));
    const lastRow = Math.floor(last / rowSpan);
    let [recorded, facts] = await this.counted(partition, lastRow);
    const [count, factsOfRow] = this.countsOf(partition, lastRow);
    if (last % rowSpan >= count - 1) {
      recorded += count;
      facts += factsOfRow;
    } else {
      const counted = this.outboxOf(lastRow).filter(({ position }) => position <= last);
      recorded += counted.length;
      facts += counted.filter(({ fact }) => fact !== null).length;
    }
    return { recorded, facts, privateOnly: recorded - facts };
  }

  async waiting(partition: number, after: Position): Promise<number> {
    const afterRow = Math.floor(after / rowSpan);
    const [count] = this.countsOf(partition, afterRow);
    const rest = Math.max(0, count - (after % rowSpan) - 1);
    const until = Math.floor((await this.end(partition)) / rowSpan) + 1;
    let waiting = rest;
    for (let from = afterRow + 1; from < until; from += waitingRows) {
      waiting += this.sum(partition, from, Math.min(from + waitingRows, until))[0];
      // A long count lets other work run in between.
      if (from > afterRow + 1) await new Promise(setImmediate);
    }
    return waiting;
  }

  async destroyKeys(subjects: readonly string[]): Promise<void> {
    await this.writer.write('destroyKeys', subjects);
    for (const subject of subjects) this.keys.forget(subject);
  }

  async changed(signal: AbortSignal): Promise<void> {
    await this.wakeUp.wait(signal, pollMs);
  }

  /** Events and facts of whole rows before a row. */
  private async counted(partition: number, beforeRow: number): Promise<Counted> {
    const newest = Math.floor((await this.end(partition)) / rowSpan);
    return this.counts[partition]!.before(Math.min(beforeRow, newest + 1), (total, from, until) => {
      const [recorded, facts] = this.sum(partition, from, until);
      return [total[0] + recorded, total[1] + facts];
    });
  }

  /** Events and facts of whole rows, from one row to before another. */
  private sum(partition: number, from: number, until: number): Counted {
    return this.driver
      .prepare('SELECT total(count), total(facts) FROM commits WHERE id >= ? AND id < ? AND partition = ?')
      .get([from, until, partition]) as readonly [number, number];
  }

  /** Events and facts of one row; 0 when it does not exist or is in another partition. */
  private countsOf(partition: number, id: number): readonly [count: number, facts: number] {
    const row = this.driver
      // Without the hint SQLite would use the primary key, which leads to the row with its body.
      .prepare('SELECT count, facts FROM commits INDEXED BY commits_counts WHERE partition = ? AND id = ?')
      .get([partition, id]);
    return row ? [row[0] as number, row[1] as number] : [0, 0];
  }

  /** The events of one row, read for a position in the middle of its commit. */
  private outboxOf(id: number): readonly OutboxEntry[] {
    const events: OutboxEntry[] = [];
    for (const row of this.rows.select('WHERE id = ?', [id])) this.decodeOutbox(row, events);
    return events;
  }

  /** The next events of a partition, in whole rows unless the first row alone exceeds the limit. */
  private page<E extends OutboxEntry>(
    partition: number,
    after: Position,
    limit: number,
    decode: (row: SqlRow, to: E[]) => void,
  ): readonly E[] {
    const events: E[] = [];
    let bytes = 0;
    let from = Math.floor(after / rowSpan);
    const behind = 'WHERE id >= ? AND +partition = ? ORDER BY id LIMIT ?';
    const most = Math.min(limit + 1, rowsAtOnce);
    for (;;) {
      const kept = this.tail.since(from, partition, most);
      const rows = kept.length > 0 ? kept : this.rows.select(behind, [from, partition, most]);
      for (const row of rows) {
        const before = events.length;
        decode(row, events);
        if (before === 0 && events.length > 0 && events[0]!.position <= after) {
          events.splice(0, events.length, ...events.filter(({ position }) => position > after));
        }
        if (events.length > limit && before > 0) {
          events.length = before;
          return events;
        }
        bytes += (row[7] as string).length;
        if (events.length >= limit || bytes >= pageBytesMax) return events.slice(0, Math.max(limit, 1));
      }
      // Another process may have appended after the last row that is kept here, if that brought nothing new.
      if (rows.length < most && (rows !== kept || events.length > 0)) return events;
      from = (rows[rows.length - 1]![0] as number) + 1;
    }
  }

  private decode(row: SqlRow, to: Stored[]): void {
    decodePart(...this.tail.read(row), this.opening, to);
  }

  private decodeOutbox(row: SqlRow, to: OutboxEntry[]): void {
    decodeOutbox(...this.tail.read(row), this.unreadable, to);
  }

  /** Seals all personal parts of a subject with one key, even if the key is dropped from memory meanwhile. */
  private encode(commits: readonly Commit[]): SealedCommit[] {
    const keys = new Map<string, DataKey>();
    const keyOf = (subject: string): DataKey => {
      let key = keys.get(subject);
      if (!key) keys.set(subject, (key = this.keys.toSeal(subject)));
      return key;
    };
    const { partitions } = this;
    const encoding: Encoding = { partitions, keyOf: (subject) => keyOf(subject).key, newId: uuidv7 };
    return commits.map((commit) => {
      const text = encodeCommit(commit, publicationsOf(commit, this.publish), encoding);
      const bodies = text.parts.map((part) => bodyOf(text, part));
      return { text, bodies, keys: text.subjects.map((subject) => [subject, keyOf(subject)] as const) };
    });
  }

  private async store(made: readonly SealedCommit[], attempt = 1): Promise<Appended[]> {
    const flat: SqlValue[] = [];
    for (const commit of made) flatten(flat, commit);
    let answers: readonly number[];
    try {
      answers = await this.writer.write('append', flat);
    } catch (error) {
      if (!(error instanceof DataKeyTaken) || attempt === attemptsMax) throw error;
      for (const { keys } of made) for (const [subject] of keys) this.keys.forget(subject);
      const again = this.encode(made.map(({ text }) => text.commit));
      return this.store(again, attempt + 1);
    }
    this.wakeUp.wake();
    return made.map((commit, i) => this.appended(commit, answers[i]!));
  }

  private appended(sealed: SealedCommit, answer: number): Appended {
    const { text, keys } = sealed;
    if (answer === conflict) return { outcome: 'conflict' };
    const { stream, expectedVersion } = text.commit;
    if (answer === repeated) return this.before(stream, expectedVersion);
    const marks: Record<number, Mark> = {};
    for (let i = 0; i < text.parts.length; i++) {
      const { partition, count, lastFact } = text.parts[i]!;
      const first = (answer + i) * rowSpan;
      this.tail.add(rowOf(sealed, i, answer + i));
      marks[partition] = { taken: first + count - 1, published: lastFact < 0 ? 0 : first + lastFact };
    }
    for (const [, key] of keys) key.stored = true;
    return { outcome: 'appended', version: text.last, marks };
  }

  /** The answer that was given when the commit at this version was stored. */
  private before(stream: string, expectedVersion: number): Appended {
    const last = this.driver
      .prepare('SELECT last FROM commits WHERE stream = ? AND version = ?')
      .get([stream, expectedVersion + 1])![0] as number;
    const rows = this.rows.select('WHERE stream = ? AND version > ? AND version <= ?', [
      stream,
      expectedVersion,
      last,
    ]);
    const events: OutboxEntry[] = [];
    for (const row of rows) this.decodeOutbox(row, events);
    const marks: Record<number, { taken: Position; published: Position }> = {};
    for (const { partition, position, fact } of events) {
      const mark = (marks[partition] ??= { taken: 0, published: 0 });
      mark.taken = Math.max(mark.taken, position);
      if (fact !== null) mark.published = Math.max(mark.published, position);
    }
    return { outcome: 'appended', version: last, marks };
  }
}

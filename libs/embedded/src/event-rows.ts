import {
  limits,
  partitionOf,
  Refusal,
  type Commit,
  type Fact,
  type Publish,
  type Stored,
} from '@readership/kernel';
import { uuidv7 } from 'uuidv7';
import { open, seal, type DataKeys } from './data-keys.js';
import type { SqlRow, SqlValue } from './sql-driver.js';

/** Positions of a row's events: row id × 128 + index. */
export const rowSpan = 128;

/** One row to insert, and which of its events publish. */
export interface NewRow {
  readonly partition: number;
  readonly version: number;
  count: number;
  facts: number;
  /** Index of the last event that publishes a fact, −1: none does. */
  lastFact: number;
  /** JSON text, one event after the other. */
  events: string;
}

/** A commit as it is stored: a row per partition that it touches, in the order of their first events. */
export interface NewCommit {
  readonly commit: Commit;
  readonly last: number;
  readonly subjects: readonly string[];
  readonly rows: readonly NewRow[];
  /** `[correlation, causation` as the body begins. */
  readonly head: string;
}

/**
 * One stored event: `[version, id, type, key or 0: the stream, data, personal, fact]`;
 * personal: 0 none, null, or `[subject or 0: the stream, sealed]`;
 * fact: null or `[type or 0: the event's, schema, data or 0: the event's, time or 0]`.
 */
type Body = readonly [string | 0, string | 0, ...EventBody[]];
type EventBody = readonly [
  number,
  string,
  string,
  string | 0,
  object,
  0 | null | readonly [string | 0, string],
  null | readonly [string | 0, number, object | 0, string | 0],
];

/** Decides what is published, seals, encodes and measures; throws `EVENT_TOO_LARGE`, `COMMIT_TOO_LARGE`. */
export function encode(commit: Commit, publish: Publish<any>, partitions: number, keys: DataKeys): NewCommit {
  const { stream, expectedVersion, events, meta } = commit;
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0)
    throw new RangeError('expectedVersion is a version');
  if (events.length === 0) throw new RangeError('a commit holds at least one event');
  if (events.length > limits.eventsPerCommitMax) throw commitTooLarge();
  const rows: NewRow[] = [];
  const subjects: string[] = [];
  let units = 0;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    const version = expectedVersion + 1 + i;
    const { key, subject, fact } = publish(event, stream);
    const data = JSON.stringify(event.data);
    let personal = '0';
    if (event.personal === null) {
      personal = 'null';
      fits(data);
    } else if (event.personal !== undefined) {
      const text = JSON.stringify(event.personal);
      fits(data, text);
      const owner = subject ?? stream;
      if (!subjects.includes(owner)) subjects.push(owner);
      const sealed = seal(keys.toSeal(owner).key, text, stream, version);
      personal = `[${owner === stream ? '0' : JSON.stringify(owner)},"${sealed}"]`;
    } else fits(data);
    const published = fact === null ? 'null' : encodeFact(fact, event.type, event.data, data);
    const partition = partitionOf(key, partitions);
    let row =
      rows.length === 1 && partitions === 1 ? rows[0] : rows.find((known) => known.partition === partition);
    if (!row) {
      row = { partition, version, count: 0, facts: 0, lastFact: -1, events: '' };
      rows.push(row);
    }
    const keyText = key === stream ? '0' : JSON.stringify(key);
    const text = `,[${version},"${uuidv7()}",${JSON.stringify(event.type)},${keyText},${data},${personal},${published}]`;
    if (fact !== null) {
      row.facts++;
      row.lastFact = row.count;
    }
    row.count++;
    row.events += text;
    units += text.length;
  }
  if (units * 3 > limits.commitBytesMax && bytesOf(rows) > limits.commitBytesMax) throw commitTooLarge();
  const head = `[${orZero(meta.correlationId)},${orZero(meta.causationId)}`;
  return { commit, last: expectedVersion + events.length, subjects, rows, head };
}

function encodeFact(fact: Fact, type: string, own: object, ownText: string): string {
  let data = '0';
  if (fact.data !== own) {
    const text = JSON.stringify(fact.data);
    if (text !== ownText) {
      fits(text);
      data = text;
    }
  }
  const name = fact.type === type ? '0' : JSON.stringify(fact.type);
  return `[${name},${fact.schema},${data},${orZero(fact.time)}]`;
}

/** Appends what `append` of event-writes.ts takes. */
export function flatten(to: SqlValue[], made: NewCommit, keys: DataKeys): void {
  const { stream, expectedVersion, meta } = made.commit;
  const fresh = made.subjects.filter((subject) => !keys.toSeal(subject).stored);
  to.push(stream, expectedVersion, made.last, meta.commandId, meta.at, meta.actor, fresh.length);
  for (const subject of fresh) to.push(subject, keys.toSeal(subject).wrapped);
  to.push(made.rows.length);
  for (const row of made.rows)
    to.push(row.partition, row.version, row.count, row.facts, `${made.head}${row.events}]`);
}

export const rowColumns = 'id, partition, stream, last, command, recorded_at, actor, body';

/** The events of a row of `rowColumns`, appended in their order. */
export function decode(row: SqlRow, keys: DataKeys, to: Stored[]): void {
  const [id, partition, stream, , commandId, recordedAt, actor, text] = row as readonly [
    number,
    number,
    string,
    number,
    string,
    string,
    string,
    string,
  ];
  const body = JSON.parse(text) as Body;
  const correlationId = body[0];
  const causationId = body[1];
  for (let i = 2; i < body.length; i++) {
    const [version, eventId, type, key, data, personal, published] = body[i] as EventBody;
    const fact: Fact | null =
      published === null
        ? null
        : {
            type: published[0] === 0 ? type : published[0],
            schema: published[1],
            data: published[2] === 0 ? data : published[2],
            ...(published[3] === 0 ? {} : { time: published[3] }),
          };
    const event: { -readonly [K in keyof Stored]: Stored[K] } = {
      type,
      data,
      id: eventId,
      stream,
      version,
      key: key === 0 ? stream : key,
      partition,
      position: id * rowSpan + i - 2,
      time: fact?.time ?? recordedAt,
      recordedAt,
      commandId,
      actor,
      fact,
    };
    if (correlationId !== 0) event.correlationId = correlationId;
    if (causationId !== 0) event.causationId = causationId;
    if (personal !== 0) event.personal = personal && opened(personal, stream, version, keys);
    to.push(event);
  }
}

function opened(
  personal: readonly [string | 0, string],
  stream: string,
  version: number,
  keys: DataKeys,
): object | null {
  const key = keys.toOpen(personal[0] === 0 ? stream : personal[0]);
  return key && (JSON.parse(open(key, personal[1], stream, version)) as object);
}

/** Together one body. */
function fits(...texts: readonly string[]): void {
  let units = 0;
  for (const text of texts) units += text.length;
  if (units * 3 <= limits.bodyBytesMax) return;
  let bytes = 0;
  for (const text of texts) bytes += Buffer.byteLength(text);
  if (bytes > limits.bodyBytesMax) {
    throw new Refusal('EVENT_TOO_LARGE', 'invalid', 'An event holds at most 64 KiB: shorten its texts.');
  }
}

function bytesOf(rows: readonly NewRow[]): number {
  let bytes = 0;
  for (const { events } of rows) bytes += Buffer.byteLength(events);
  return bytes;
}

function commitTooLarge(): Refusal {
  return new Refusal('COMMIT_TOO_LARGE', 'invalid', 'A commit holds at most 100 events and 4 MiB: split it.');
}

function orZero(text: string | undefined): string {
  return text === undefined ? '0' : JSON.stringify(text);
}

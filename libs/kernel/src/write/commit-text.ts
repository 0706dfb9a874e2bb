import type { Fact, Publication, Publish } from '../event.js';
import { limits } from '../event.js';
import type { Commit } from '../ports/event-store.js';
import { partitionOf } from '../partition.js';
import { Refusal } from '../refusal.js';
import { seal } from './sealing.js';

/** The events of a commit in one partition. Every store keeps them together, as the same text. */
export interface CommitPart {
  readonly partition: number;
  /** Version of its first event. */
  readonly version: number;
  count: number;
  facts: number;
  /** Index of the last event that publishes a fact; −1 when none does. */
  lastFact: number;
  /** JSON text of the events, with a comma before each. */
  events: string;
}

/** A commit as it is stored: one part for each partition that it touches, in the order of their first events. */
export interface CommitText {
  readonly commit: Commit;
  /** Version of its last event. */
  readonly last: number;
  /** The subjects whose keys seal it. */
  readonly subjects: readonly string[];
  readonly parts: readonly CommitPart[];
  /** `[correlation, causation` or `[[correlation, trace context], causation`: the beginning of a body. */
  readonly head: string;
}

export interface Encoding {
  readonly partitions: number;
  /** The data key of a subject. */
  keyOf(subject: string): Buffer;
  /** UUIDv7 of the next event. */
  newId(): string;
}

/**
 * One stored event: `[version, id, type, key or 0 for the stream, data, personal, fact]`. Personal: 0 when there is
 * none, null, or `[subject or 0 for the stream, sealed]`. Fact: null, or `[type or 0 for the event's, schema, data or 0
 * for the event's, time or 0]`.
 */
export type EventBody = readonly [
  number,
  string,
  string,
  string | 0,
  object,
  0 | null | readonly [string | 0, string],
  null | readonly [string | 0, number, object | 0, string | 0],
];

/** Runs `publish` once for each event of a commit. Throws `COMMIT_TOO_LARGE` when it has too many. */
export function publicationsOf(commit: Commit, publish: Publish<any>): readonly Publication[] {
  const { stream, expectedVersion, events } = commit;
  if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0)
    throw new RangeError('expectedVersion is a version');
  if (events.length === 0) throw new RangeError('a commit holds at least one event');
  if (events.length > limits.eventsPerCommitMax) throw commitTooLarge();
  return events.map((event) => publish(event, stream));
}

/** The subjects whose keys seal a commit's personal parts. */
export function subjectsToSeal(commit: Commit, publications: readonly Publication[]): readonly string[] {
  const subjects: string[] = [];
  for (let i = 0; i < publications.length; i++) {
    const personal = commit.events[i]!.personal;
    if (personal === undefined || personal === null) continue;
    const owner = publications[i]!.subject ?? commit.stream;
    if (!subjects.includes(owner)) subjects.push(owner);
  }
  return subjects;
}

/** Seals, encodes and measures a commit. Throws `EVENT_TOO_LARGE` and `COMMIT_TOO_LARGE`. */
export function encodeCommit(
  commit: Commit,
  publications: readonly Publication[],
  { partitions, keyOf, newId }: Encoding,
): CommitText {
  const { stream, expectedVersion, events, meta } = commit;
  const parts: CommitPart[] = [];
  let units = 0;
  for (let i = 0; i < events.length; i++) {
    const event = events[i]!;
    const version = expectedVersion + 1 + i;
    const { key, subject, fact } = publications[i]!;
    const data = JSON.stringify(event.data);
    let personal = '0';
    if (event.personal === null) {
      personal = 'null';
      fits(data);
    } else if (event.personal !== undefined) {
      const text = JSON.stringify(event.personal);
      fits(data, text);
      const owner = subject ?? stream;
      const sealed = seal(keyOf(owner), text, stream, version);
      personal = `[${owner === stream ? '0' : JSON.stringify(owner)},"${sealed}"]`;
    } else fits(data);
    const published = fact === null ? 'null' : encodeFact(fact, event.type, event.data, data);
    const part = partOf(parts, partitionOf(key, partitions), version);
    const keyText = key === stream ? '0' : JSON.stringify(key);
    const text = `,[${version},"${newId()}",${JSON.stringify(event.type)},${keyText},${data},${personal},${published}]`;
    if (fact !== null) {
      part.facts++;
      part.lastFact = part.count;
    }
    part.count++;
    part.events += text;
    units += text.length;
  }
  if (units * 3 > limits.commitBytesMax && bytesOf(parts) > limits.commitBytesMax) throw commitTooLarge();
  const { traceparent } = meta;
  const correlation = orZero(meta.correlationId);
  const asked = traceparent === undefined ? correlation : `[${correlation},${JSON.stringify(traceparent)}]`;
  const head = `[${asked},${orZero(meta.causationId)}`;
  const subjects = subjectsToSeal(commit, publications);
  return { commit, last: expectedVersion + events.length, subjects, parts, head };
}

/** The JSON text that a store keeps of a part. */
export function bodyOf({ head }: CommitText, { events }: CommitPart): string {
  return `${head}${events}]`;
}

function partOf(parts: CommitPart[], partition: number, version: number): CommitPart {
  for (const part of parts) if (part.partition === partition) return part;
  const part = { partition, version, count: 0, facts: 0, lastFact: -1, events: '' };
  parts.push(part);
  return part;
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

/** Throws `EVENT_TOO_LARGE` when texts that form one body are too large. */
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

function bytesOf(parts: readonly CommitPart[]): number {
  let bytes = 0;
  for (const { events } of parts) bytes += Buffer.byteLength(events);
  return bytes;
}

function commitTooLarge(): Refusal {
  return new Refusal('COMMIT_TOO_LARGE', 'invalid', 'A commit holds at most 100 events and 4 MiB: split it.');
}

function orZero(text: string | undefined): string {
  return text === undefined ? '0' : JSON.stringify(text);
}

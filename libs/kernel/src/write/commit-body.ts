import type { Fact, OutboxEntry, Stored } from '../event.js';
import { Refusal } from '../refusal.js';
import type { CommitPart, EventBody } from './commit-text.js';
import { unseal } from './sealing.js';
import type { UnreadableCause, UnreadableEvents } from './unreadable.js';

/** What a store keeps beside a body. */
export interface PartPlace {
  readonly stream: string;
  readonly partition: number;
  /** Position of the part's first event. The others follow one by one. */
  readonly position: number;
  readonly recordedAt: string;
  readonly commandId: string;
  readonly actor: string;
}

/** The type of an event whose own bytes do not parse, and of the fact that is published instead of its own. */
export const damagedType = 'Damaged';

/** What can still be read of an event whose own bytes do not parse. */
interface DamagedBody {
  readonly damaged: true;
  /** 0 when not even the version can be read. */
  readonly version: number;
  readonly id: string | null;
  readonly key: string | 0;
  readonly publishes: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A part's body, parsed. */
export interface PartBody {
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly events: readonly (EventBody | DamagedBody)[];
}

/** The key of a subject, or why there is none. */
export type OpeningKey = Buffer | Extract<UnreadableCause, 'no-key' | 'foreign-key'>;

export interface Opening {
  keyOf(subject: string): OpeningKey;
  readonly unreadable: UnreadableEvents;
}

/**
 * Parses the text of a part. An event whose bytes do not parse becomes a damaged event in the same place; the others
 * are read as they were. The key of a damaged event is kept if it can be read; otherwise its key is the stream.
 */
export function parseBody(text: string, part: Pick<CommitPart, 'count' | 'facts'>): PartBody {
  const body = parsed(text);
  if (!Array.isArray(body) || body.length !== part.count + 2) return salvaged(text, part);
  const [asked, causationId, ...events] = body as readonly unknown[];
  return events.every(isEvent) ? bodyOf(asked, causationId, events) : salvaged(text, part);
}

/** The subjects whose keys are needed to decrypt a body's personal parts. */
export function subjectsToUnseal({ events }: PartBody, stream: string): readonly string[] {
  const subjects: string[] = [];
  for (const event of events) {
    const personal = 'damaged' in event ? null : event[5];
    if (personal === 0 || personal === null) continue;
    const owner = personal[0] === 0 ? stream : personal[0];
    if (!subjects.includes(owner)) subjects.push(owner);
  }
  return subjects;
}

/**
 * Appends the events of a part to `events`, in order. A personal part that cannot be decrypted becomes `null` and is
 * counted. A damaged event is of `damagedType` and has no data.
 */
export function decodePart(
  place: PartPlace,
  body: PartBody,
  { keyOf, unreadable }: Opening,
  to: Stored[],
): void {
  for (let i = 0; i < body.events.length; i++) {
    const event = body.events[i]!;
    const stored = envelopeOf(place, body, i) as Mutable<Stored>;
    if ('damaged' in event) {
      unreadable.add('damaged-event');
      stored.type = damagedType;
      stored.data = {};
    } else {
      const [version, , type, , data, personal] = event;
      stored.type = type;
      stored.data = data;
      if (personal !== 0)
        stored.personal = personal && opened(personal, place.stream, version, keyOf, unreadable);
    }
    to.push(stored);
  }
}

/** Appends what a relay needs of a part's events, in order. It looks up no key. */
export function decodeOutbox(
  place: PartPlace,
  body: PartBody,
  unreadable: UnreadableEvents,
  to: OutboxEntry[],
): void {
  for (let i = 0; i < body.events.length; i++) {
    const entry = envelopeOf(place, body, i);
    if ('damaged' in body.events[i]!) {
      unreadable.add('damaged-event');
      entry.damaged = true;
    }
    to.push(entry);
  }
}

/** Throws `STREAM_DAMAGED` when a stream has a damaged event, because its state cannot be known. */
export function mustBeWhole(events: readonly Stored[]): void {
  if (events.every(({ type }) => type !== damagedType)) return;
  throw new Refusal(
    'STREAM_DAMAGED',
    'conflict',
    'A stored event of this record is damaged: see «A damaged event» in OPERATIONS.md.',
  );
}

/**
 * Resolves to `null` when a stream does not load because one of its events is damaged. For lists, which go on without
 * it.
 */
export async function unlessDamaged<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'STREAM_DAMAGED') return null;
    throw error;
  }
}

function envelopeOf(place: PartPlace, body: PartBody, i: number): Mutable<OutboxEntry> {
  const { stream, partition, recordedAt, commandId, actor } = place;
  const { correlationId, causationId, traceparent } = body;
  const position = place.position + i;
  const event = body.events[i]!;
  const [version, id, key, fact] =
    'damaged' in event
      ? damagedEvent(event, `damaged-${stream}-${position}`)
      : ([event[0], event[1], event[3], factOf(event)] as const);
  const envelope: Mutable<OutboxEntry> = {
    id,
    stream,
    version,
    key: key === 0 ? stream : key,
    partition,
    position,
    time: fact?.time ?? recordedAt,
    recordedAt,
    commandId,
    actor,
    fact,
  };
  if (correlationId !== undefined) envelope.correlationId = correlationId;
  if (causationId !== undefined) envelope.causationId = causationId;
  if (traceparent !== undefined) envelope.traceparent = traceparent;
  return envelope;
}

function factOf([, , type, , data, , published]: EventBody): Fact | null {
  if (published === null) return null;
  const [name, schema, own, time] = published;
  return {
    type: name === 0 ? type : name,
    schema,
    data: own === 0 ? data : own,
    ...(time === 0 ? {} : { time }),
  };
}

function damagedEvent({ version, id, key, publishes }: DamagedBody, otherId: string) {
  const fact: Fact | null = publishes ? { type: damagedType, schema: 1, data: {} } : null;
  return [version, id ?? otherId, key, fact] as const;
}

function opened(
  [subject, sealed]: readonly [string | 0, string],
  stream: string,
  version: number,
  keyOf: Opening['keyOf'],
  unreadable: UnreadableEvents,
): object | null {
  const key = keyOf(subject === 0 ? stream : subject);
  const text = typeof key === 'string' ? null : unseal(key, sealed, stream, version);
  if (text === null) unreadable.add(typeof key === 'string' ? key : 'damaged-part');
  return text === null ? null : (JSON.parse(text) as object);
}

/**
 * The first element is the correlation id, or a pair of it and the trace context. Fields are set one by one, because an
 * object that is spread into another costs ten times as much.
 */
function bodyOf(asked: unknown, causationId: unknown, events: PartBody['events']): PartBody {
  const [correlationId, traceparent] = Array.isArray(asked) ? (asked as unknown[]) : [asked];
  const body: Mutable<PartBody> = { events };
  if (typeof correlationId === 'string') body.correlationId = correlationId;
  if (typeof causationId === 'string') body.causationId = causationId;
  if (typeof traceparent === 'string') body.traceparent = traceparent;
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isEvent(event: unknown): event is EventBody {
  if (!Array.isArray(event) || event.length !== 7) return false;
  const [version, id, type, key, data, personal, fact] = event as readonly unknown[];
  return (
    typeof version === 'number' &&
    typeof id === 'string' &&
    typeof type === 'string' &&
    (key === 0 || typeof key === 'string') &&
    typeof data === 'object' &&
    data !== null &&
    (personal === 0 || personal === null || (Array.isArray(personal) && typeof personal[1] === 'string')) &&
    (fact === null || (Array.isArray(fact) && fact.length === 4))
  );
}

/** Matches the beginning of each event: version, id, type and key. Quotes in a text are escaped, so no text can match. */
const heads = /,(?=\[(\d+),"([0-9a-f-]{36})","[^"\\]+",(0|"(?:[^"\\]|\\.)*"),)/g;

/** Parses event by event at each beginning, if all beginnings are intact. Otherwise only the number of events is known. */
function salvaged(text: string, { count, facts }: Pick<CommitPart, 'count' | 'facts'>): PartBody {
  const found = [...text.matchAll(heads)];
  const known = found.length === count ? found : new Array<null>(count).fill(null);
  const read = known.map((head, i) => {
    const event = head && parsed(text.slice(head.index + 1, known[i + 1]?.index ?? text.lastIndexOf(']')));
    return isEvent(event) ? event : null;
  });
  let unread = facts - read.filter((event) => event !== null && event[6] !== null).length;
  const events = read.map((event, i): EventBody | DamagedBody => {
    if (event !== null) return event;
    const [, version, id, key] = known[i] ?? [];
    return {
      damaged: true,
      version: Number(version ?? 0),
      id: id ?? null,
      key: (parsed(key ?? '0') ?? 0) as string | 0,
      publishes: unread-- > 0,
    };
  });
  const cause = parsed(`${text.slice(0, known[0]?.index ?? 0)}]`);
  return Array.isArray(cause) ? bodyOf(cause[0], cause[1], events) : { events };
}

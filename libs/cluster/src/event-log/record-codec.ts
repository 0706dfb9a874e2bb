import type { LogRecord, NewRecord, Position } from '@readership/kernel';
import type { KafkaMessage, Message } from 'kafkajs';

/** A record carries our position headers but not the rest of a record. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

/** The part of a record that is needed to count it. */
export interface RecordHead {
  readonly context: string;
  readonly type: string;
  readonly position: Position;
  readonly previous: Position;
}

const source = '/readership/';
const prefix = 'org.readership.';
/** The most bytes of a record, and of each header, besides their texts. */
const recordOverhead = 32;
const headerOverhead = 6;

/** A CloudEvent in binary mode, with the record's place in the context's lane beside it, and its size in a request. */
export function encodeRecord(
  record: NewRecord,
  previous: Position,
): { readonly message: Message; readonly bytes: number } {
  const name = kebab(record.type);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: record.id,
    ce_source: source + record.context,
    ce_type: `${prefix}${record.context}.${name}.v${record.schema}`,
    ce_subject: record.stream,
    ce_time: record.time,
    ce_recordedtime: record.recordedAt,
    ce_partitionkey: record.key,
    ce_actor: record.actor,
    rs_context: record.context,
    rs_position: String(record.position),
    rs_previous: String(previous),
  };
  if (record.correlationId !== undefined) headers.ce_correlationid = record.correlationId;
  if (record.causationId !== undefined) headers.ce_causationid = record.causationId;
  if (record.traceparent !== undefined) headers.traceparent = record.traceparent;
  if (camel(name) !== record.type) headers.rs_type = record.type;
  const value = Buffer.from(record.body, 'utf8');
  let bytes = recordOverhead + value.length + Buffer.byteLength(record.key);
  for (const [header, text] of Object.entries(headers)) {
    bytes += headerOverhead + header.length + Buffer.byteLength(text);
  }
  return { message: { key: record.key, value, partition: record.partition, headers }, bytes };
}

/** The record, or `null` when it is not one of ours. Throws `UnreadableRecord`. */
export function decodeRecord(message: KafkaMessage, partition: number): LogRecord | null {
  const head = decodeHead(message);
  if (head === null) return null;
  const { key, value } = message;
  if (key === null || value === null) throw unreadable('its key or its body is missing');
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = {
    partition,
    offset: Number(message.offset) + 1,
    context: head.context,
    position: head.position,
    previous: head.previous,
    key: key.toString('utf8'),
    type: head.type,
    schema: schemaOf(message),
    stream: textOf(message, 'ce_subject'),
    id: textOf(message, 'ce_id'),
    time: textOf(message, 'ce_time'),
    recordedAt: textOf(message, 'ce_recordedtime'),
    actor: textOf(message, 'ce_actor'),
    body: value.toString('utf8'),
  };
  const correlationId = headerOf(message, 'ce_correlationid');
  if (correlationId !== undefined) record.correlationId = correlationId;
  const causationId = headerOf(message, 'ce_causationid');
  if (causationId !== undefined) record.causationId = causationId;
  const traceparent = headerOf(message, 'traceparent');
  if (traceparent !== undefined) record.traceparent = traceparent;
  return record;
}

/** Decodes only what is needed to count a record. Like `decodeRecord` otherwise. */
export function decodeHead(message: KafkaMessage): RecordHead | null {
  const ours = ['rs_context', 'rs_position', 'rs_previous'];
  if (!ours.some((name) => message.headers?.[name] !== undefined)) return null;
  const context = textOf(message, 'rs_context');
  const position = numberOf(message, 'rs_position');
  return { context, position, type: typeOf(message, context), previous: numberOf(message, 'rs_previous') };
}

function typeOf(message: KafkaMessage, context: string): string {
  const exact = headerOf(message, 'rs_type');
  if (exact !== undefined) return exact;
  const start = `${prefix}${context}.`;
  const whole = textOf(message, 'ce_type');
  const end = whole.lastIndexOf('.v');
  if (!whole.startsWith(start) || end <= start.length) throw unreadable('ce_type is none of ours');
  return camel(whole.slice(start.length, end));
}

function schemaOf(message: KafkaMessage): number {
  const version = /\.v([1-9]\d*)$/.exec(textOf(message, 'ce_type'))?.[1];
  if (version === undefined) throw unreadable('ce_type has no version');
  return Number(version);
}

function numberOf(message: KafkaMessage, name: string): number {
  const text = textOf(message, name);
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw unreadable(`${name} is no number`);
  return number;
}

function textOf(message: KafkaMessage, name: string): string {
  const text = headerOf(message, name);
  if (text === undefined) throw unreadable(`${name} is missing`);
  return text;
}

/** The value of a header that occurs exactly once. */
function headerOf({ headers }: KafkaMessage, name: string): string | undefined {
  const value = headers?.[name];
  if (value === undefined || Array.isArray(value)) return undefined;
  return typeof value === 'string' ? value : value.toString('utf8');
}

function unreadable(why: string): UnreadableRecord {
  return new UnreadableRecord(`a record of ours cannot be read: ${why}`);
}

const kebabs = new Map<string, string>();

/** `PatronMoved` as `patron-moved`. The cache is bounded by the number of types that this build publishes. */
function kebab(type: string): string {
  let name = kebabs.get(type);
  if (name === undefined) {
    name = type.replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`);
    kebabs.set(type, name);
  }
  return name;
}

function camel(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

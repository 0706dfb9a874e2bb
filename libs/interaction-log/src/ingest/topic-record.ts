import { mediaTypeOf, parseStrictJson, Unreadable, type Problem } from '@readership/host';
import type { TopicRecord } from '@readership/kernel';
import { sourceName } from '../sources/source-bodies.js';
import { isJsonType } from './cloud-event.js';
import { problem } from './problems.js';

/** Size of key, value and headers. More than the largest accepted event, however it is written. */
export const recordBytesMax = 128 * 1024;

/** The content of a record: an event that is still to be checked, or the problem. */
export type SentRecord = {
  /** The name that the sender gives; `null` when it cannot be read or is not a name. */
  readonly source: string | null;
} & ({ readonly event: unknown } | { readonly problem: Problem });

/**
 * Reads a record by the Kafka binding of CloudEvents 1.0: structured when its content type begins with
 * `application/cloudevents`, else binary, with the attributes in `ce_` headers. Never throws.
 */
export function sentOn(record: TopicRecord): SentRecord {
  const { value, headers } = record;
  const named = sourceOf(headers['ce_source']);
  const refused = (code: Parameters<typeof problem>[0]): SentRecord => ({
    source: named,
    problem: problem(code),
  });
  if (bytesOf(record) > recordBytesMax) return refused('RECORD_TOO_LARGE');
  if (value === null) return refused('TOMBSTONE');
  const type = mediaTypeOf(contentType(headers));
  try {
    if (type.startsWith('application/cloudevents')) {
      if (type !== 'application/cloudevents+json') return refused('UNSUPPORTED_MEDIA_TYPE');
      const event = parseStrictJson(value);
      return { source: sourceOf((event as { source?: unknown } | null)?.source) ?? named, event };
    }
    const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce_'));
    if (attributes.length === 0) return refused('NOT_A_CLOUDEVENT');
    if (!isJsonType(type)) return refused('UNSUPPORTED_MEDIA_TYPE');
    for (const [, text] of attributes) {
      if (text.includes('\ufffd')) return refused('NOT_UTF8');
      if (text.includes('\0')) return refused('BAD_STRING');
    }
    const data = parseStrictJson(value);
    const event = { ...Object.fromEntries(attributes.map(([name, text]) => [name.slice(3), text])), data };
    return { source: named, event };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { source: named, problem: { code: error.code, detail: error.detail } };
  }
}

function bytesOf({ key, value, headers }: TopicRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}

function contentType(headers: TopicRecord['headers']): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
}

function sourceOf(name: unknown): string | null {
  return typeof name === 'string' && sourceName.test(name) ? name : null;
}

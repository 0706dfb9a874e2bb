import type { TopicRecord } from '@readership/kernel';

/** A part fits into an event together with the event's other fields. */
const partLength = 60_000;

interface Content {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly offset: number;
  readonly timestamp: number;
}

/** A record as texts in base64 that can be stored, whatever its bytes are. */
export function contentOf({ key, value, headers, offset, timestamp }: TopicRecord): readonly string[] {
  const content: Content = {
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers,
    offset,
    timestamp,
  };
  const text = Buffer.from(JSON.stringify(content)).toString('base64');
  return Array.from({ length: Math.ceil(text.length / partLength) }, (_, at) =>
    text.slice(at * partLength, (at + 1) * partLength),
  );
}

/** The record from all parts of `contentOf`. */
export function recordOf(parts: readonly string[]): TopicRecord {
  const { key, value, ...rest } = JSON.parse(Buffer.from(parts.join(''), 'base64').toString()) as Content;
  return {
    ...rest,
    key: key === null ? null : Buffer.from(key, 'base64'),
    value: value === null ? null : Buffer.from(value, 'base64'),
  };
}

import { mediaTypeOf, parseStrictJson, pointerOf, Unreadable, type Problem } from '@readership/host';
import { isUtf8 } from 'node:buffer';
import { problem } from './problems.js';

/** The attributes and members of a CloudEvent that have a meaning here. */
const known: readonly string[] = [
  ...['specversion', 'source', 'id', 'type', 'time', 'subject', 'datacontenttype', 'dataschema', 'data'],
];
/** Names of extension attributes, by CloudEvents 1.0 "Attribute Naming Convention". */
const extensionName = /^[a-z0-9]+$/;
const extensionCharsMax = 2_048;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A CloudEvent without extension attributes, and what is wrong with these or with the form of its data. */
export interface SentEvent {
  readonly event: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Reads the envelope of a CloudEvent. Extension attributes are checked and left out, because producers and brokers on
 * the way add their own. An attribute that is `null` is not there. Data in base64 is decoded. Everything else is left to
 * the schema. What is no object is left as it is.
 */
export function readEnvelope(sent: unknown): SentEvent {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return { event: sent, problems: [] };
  const event: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(sent)) {
    if (value === null || value === undefined) continue;
    if (known.includes(name)) event[name] = value;
    else if (name !== 'data_base64' && !isExtension(name, value))
      problems.push(problem('BAD_ATTRIBUTE', pointerOf(name)));
  }
  const { datacontenttype: type } = event;
  if (typeof type === 'string' && !isJsonType(type))
    problems.push(problem('DATA_NOT_JSON', '/datacontenttype'));
  const encoded = (sent as { data_base64?: unknown }).data_base64 ?? null;
  if (encoded !== null) {
    const data = event['data'] === undefined ? decoded(encoded) : problem('BOTH_DATA', '/data_base64');
    if ('code' in data) problems.push(data);
    else event['data'] = data.data;
  }
  return { event, problems };
}

/** True for the media types of JSON, with parameters or without. Without a type data is taken for JSON. */
export function isJsonType(type: string): boolean {
  const plain = mediaTypeOf(type);
  return plain === '' || plain === 'application/json' || plain === 'text/json' || plain.endsWith('+json');
}

/**
 * The attributes in the `ce-` headers of an HTTP request, by the HTTP binding of CloudEvents 1.0, section 3.1.3: a quoted
 * value is unquoted, then percent-decoded once. Throws `Unreadable` for what is not UTF-8 then.
 */
export function headerAttributes(
  headers: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => name.startsWith('ce-') && value !== undefined)
      .map(([name, value]) => [name.slice(3), headerValue(value!)]),
  );
}

/** Node gives each byte of a header as one character. */
function headerValue(raw: string): string {
  const plain = /^".*"$/.test(raw) ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw;
  const bytes = Buffer.from(
    plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  if (!isUtf8(bytes)) throw new Unreadable('NOT_UTF8', 'Send headers encoded as UTF-8.');
  if (bytes.includes(0)) throw new Unreadable('BAD_STRING', 'Send text without NUL.');
  return bytes.toString('utf8');
}

/** CloudEvents has strings (also for addresses, times and bytes), booleans and integers of 32 bits. */
function isExtension(name: string, value: unknown): boolean {
  if (!extensionName.test(name)) return false;
  if (typeof value === 'string') return value.length <= extensionCharsMax;
  return typeof value === 'boolean' || (typeof value === 'number' && value === (value | 0));
}

function decoded(encoded: unknown): { readonly data: unknown } | Problem {
  if (typeof encoded !== 'string' || !base64.test(encoded)) return problem('BAD_BASE64', '/data_base64');
  try {
    return { data: parseStrictJson(Buffer.from(encoded, 'base64')) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { code: error.code, detail: error.detail, pointer: '/data_base64' };
  }
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Unreadable } from './http-problem.js';
import { checkKey, checkString, parseStrictJson } from './strict-json.js';

const mebibyte = 1024 * 1024;

/** Largest bodies, in bytes, by kind. */
export const bodyLimits = { json: mebibyte, batch: 10_000_000, form: mebibyte / 2 } as const;

/** Takes that arrive as bytes; the handler parses them piece by piece. */
const rawTypes: Readonly<Record<string, number>> = {
  'application/x-ndjson': bodyLimits.batch,
  'application/cloudevents+json': bodyLimits.json,
  'application/cloudevents-batch+json': bodyLimits.batch,
  'text/csv': bodyLimits.batch,
};

type Done = (error: Error | null, body?: unknown) => void;

/** Replaces the server's body parsers with ours. */
export function parseBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: bodyLimits.json },
    parser(parseStrictJson),
  );
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: bodyLimits.form },
    parser(parseForm),
  );
  for (const [type, bodyLimit] of Object.entries(rawTypes)) {
    server.addContentTypeParser(
      type,
      { parseAs: 'buffer', bodyLimit },
      parser((bytes) => bytes),
    );
  }
}

function parser(parse: (bytes: Buffer) => unknown) {
  return (_request: FastifyRequest, bytes: Buffer, done: Done): void => {
    let body: unknown;
    try {
      body = parse(bytes);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, body);
  };
}

/** Parses a form into a plain object of strings. Throws `Unreadable` for a field given twice or bytes that are not UTF-8. */
export function parseForm(bytes: Buffer): Record<string, string> {
  const form: Record<string, string> = {};
  for (const pair of bytes.toString('latin1').split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = unescape(at < 0 ? pair : pair.slice(0, at));
    checkKey(name);
    if (Object.hasOwn(form, name)) throw new Unreadable('REPEATED_FIELD', 'Give each field once.');
    form[name] = at < 0 ? '' : unescape(pair.slice(at + 1));
  }
  return form;
}

function unescape(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(escapeHigh(text.replaceAll('+', ' ')));
  } catch {
    throw new Unreadable('NOT_UTF8', 'Send a form encoded as UTF-8.');
  }
  checkString(plain);
  return plain;
}

/** Escapes bytes over 127 that came without escape, so that one decoder checks everything. */
function escapeHigh(text: string): string {
  return text.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}

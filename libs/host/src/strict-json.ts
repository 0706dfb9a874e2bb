import { isUtf8 } from 'node:buffer';
import { Unreadable } from './http-problem.js';

/** Node has it since version 20, TypeScript's library only from ES2024 on. */
type WellFormed = string & { isWellFormed(): boolean };

const depthMax = 64;
const forbiddenKeys = ['__proto__', 'constructor', 'prototype'];

/**
 * Parses JSON from outside. Throws `Unreadable` with `NOT_UTF8`; `TOO_DEEP` beyond 64 levels and `TOO_MANY_VALUES`,
 * found by a scan of the bytes before anything is built; `MALFORMED_JSON`; `FORBIDDEN_KEY`; `BAD_STRING` for NUL or
 * half a surrogate pair.
 */
export function parseStrictJson(bytes: Buffer, valuesMax = Infinity): unknown {
  if (!isUtf8(bytes)) throw new Unreadable('NOT_UTF8', 'Send text encoded as UTF-8.');
  checkShape(bytes, valuesMax);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Unreadable(
      'MALFORMED_JSON',
      bytes.length === 0
        ? 'The body is empty: send JSON, or no Content-Type if the request has no body.'
        : 'Send well-formed JSON.',
    );
  }
  // In valid UTF-8, only an escape can hide NUL, half a pair or a key from a search of the bytes.
  if (bytes.includes(0x5c) || forbiddenKeys.some((key) => bytes.includes(key))) checkValue(value);
  return value;
}

/** Throws `BAD_STRING` for NUL or half a surrogate pair. */
export function checkString(text: string): void {
  if (!(text as WellFormed).isWellFormed() || text.includes('\0')) {
    throw new Unreadable('BAD_STRING', 'Send text without NUL and without unpaired surrogates.');
  }
}

/** Throws `FORBIDDEN_KEY` for a name that JavaScript objects have themselves. */
export function checkKey(key: string): void {
  if (forbiddenKeys.includes(key)) {
    throw new Unreadable('FORBIDDEN_KEY', `A field cannot be called ${forbiddenKeys.join(', ')}.`);
  }
}

function checkShape(bytes: Buffer, valuesMax: number): void {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > depthMax) throw new Unreadable('TOO_DEEP', `Nest at most ${depthMax} levels.`);
      values++;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte === 0x2c) values++;
  }
  if (values > valuesMax) {
    throw new Unreadable(
      'TOO_MANY_VALUES',
      `Send at most ${valuesMax.toLocaleString('en')} values in one line.`,
    );
  }
}

function checkValue(value: unknown): void {
  if (typeof value === 'string') checkString(value);
  else if (Array.isArray(value)) for (const item of value) checkValue(item);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkKey(key);
      checkString(key);
      checkValue(item);
    }
  }
}

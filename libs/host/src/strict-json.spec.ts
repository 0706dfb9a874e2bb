import { Unreadable } from './http-problem.js';
import { parseStrictJson } from './strict-json.js';

const codeOf = (bytes: Buffer): string => {
  try {
    parseStrictJson(bytes);
    return 'taken';
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return error.code;
  }
};
const text = (json: string): Buffer => Buffer.from(json);

describe('strict JSON', () => {
  it('gives what JSON.parse gives', () => {
    const json = '{"a":[1,"\\"[{",null,{"b":"\\\\"}],"本":"😀"}';
    expect(parseStrictJson(text(json))).toEqual(JSON.parse(json));
  });

  it('takes 64 levels and refuses 65, whatever brackets texts hold', () => {
    expect(codeOf(text('['.repeat(64) + ']'.repeat(64)))).toBe('taken');
    expect(codeOf(text('['.repeat(65) + ']'.repeat(65)))).toBe('TOO_DEEP');
    expect(codeOf(text(`"${'['.repeat(1000)}"`))).toBe('taken');
    expect(codeOf(text(`"\\"${'{'.repeat(1000)}"`))).toBe('taken');
  });

  it('refuses ten million open brackets within a moment', () => {
    const start = performance.now();
    expect(codeOf(Buffer.alloc(10_000_000, '['))).toBe('TOO_DEEP');
    expect(performance.now() - start).toBeLessThan(500);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses a field %s, but not a text', (key) => {
    expect(codeOf(text(`{"x":[{"${key}":1}]}`))).toBe('FORBIDDEN_KEY');
    expect(codeOf(text(`{"x":"${key}"}`))).toBe('taken');
  });

  it('refuses a forbidden field that is written with escapes', () =>
    expect(codeOf(text('{"const\\u0072uctor":1}'))).toBe('FORBIDDEN_KEY'));

  it('refuses NUL and half surrogate pairs, in texts and names, and takes whole pairs', () => {
    expect(codeOf(text('["\\u0000"]'))).toBe('BAD_STRING');
    expect(codeOf(text('{"a":{"\\udead":1}}'))).toBe('BAD_STRING');
    expect(codeOf(text('["\\ud83d\\ude00"]'))).toBe('taken');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toBe('NOT_UTF8');
    expect(codeOf(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBe('NOT_UTF8');
  });

  it.each(['', ' ', '{', '{"a":1,}', "{'a':1}", 'NaN', '01', '"\u0001"', '[1] x'])('refuses %j', (json) =>
    expect(codeOf(text(json))).toBe('MALFORMED_JSON'),
  );
});

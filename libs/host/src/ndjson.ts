import type { Marks } from '@readership/kernel';
import { isUtf8 } from 'node:buffer';
import { Unreadable } from './http-problem.js';
import { JsonArrayScan, tooManyLines } from './json-array.js';
import { joinMarks } from './positions.js';
import { parseStrictJson } from './strict-json.js';

/** One line or element of a batch: its value, or why it cannot be read. */
export interface SentLine {
  /** Counted from 1, including empty lines. */
  readonly line: number;
  readonly value: unknown;
  /** Set when the line cannot be read; then there is no value. Other lines are not affected. */
  readonly unreadable?: Unreadable;
}

/** The outcome of a line. */
export type Outcome =
  | { readonly outcome: 'recorded' | 'already-recorded'; readonly id: string }
  | {
      readonly outcome: 'refused';
      readonly id?: string;
      readonly code: string;
      readonly detail: string;
      readonly pointer?: string;
    };

/** The most lines or elements of a batch. A batch of lines may have as many empty ones besides. */
const batchLinesMax = 10_000;
/** The number of lines that are recorded together. */
const chunkLines = 500;
/** The number of lines that are read before other requests have their turn. */
const turnLines = 50;
const lineBytesMax = 128 * 1024;
/** Bounds the memory that the values of a line take. It is many times what any line needs. */
const lineValuesMax = 1000;

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Counts the lines of NDJSON that comes in pieces. */
export class NdjsonCount {
  private lines = 0;
  private emptyLines = 0;
  private isEmpty = true;

  /** Throws `TOO_MANY_LINES` as soon as there are more lines, or more empty lines, than a batch may have. */
  feed(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const found = bytes.indexOf(newline, from);
      const to = found === -1 ? bytes.length : found;
      if (this.isEmpty && !isBlank(bytes, from, to)) {
        this.isEmpty = false;
        if (++this.lines > batchLinesMax) throw tooManyLines();
      }
      if (found === -1) return;
      if (this.isEmpty && ++this.emptyLines > batchLinesMax) throw tooManyLines();
      this.isEmpty = true;
      from = to + 1;
    }
  }
}

/**
 * The lines of NDJSON that are not empty. Each is parsed when it is asked for. Throws `NOT_UTF8` or `TOO_MANY_LINES`
 * before the first line; the edge has checked the body's size.
 */
export function ndjsonLines(body: Buffer): Iterable<SentLine> {
  if (!isUtf8(body)) throw new Unreadable('NOT_UTF8', 'Send text encoded as UTF-8.');
  const text = body.subarray(0, 3).equals(byteOrderMark) ? body.subarray(3) : body;
  new NdjsonCount().feed(text);
  return parsed(text);
}

/** A scan of a batch that is a JSON array, which may come in pieces. */
export function batchArrayScan(): JsonArrayScan {
  return new JsonArrayScan(batchLinesMax);
}

/**
 * The elements of a batch that is a JSON array. Each is parsed when it is asked for. Rejects with `NOT_UTF8`,
 * `TOO_MANY_LINES`, `NOT_AN_ARRAY` or `MALFORMED_JSON` before the first element.
 */
export async function arrayLines(body: Buffer): Promise<Iterable<SentLine>> {
  if (!isUtf8(body)) throw new Unreadable('NOT_UTF8', 'Send text encoded as UTF-8.');
  const scan = batchArrayScan();
  scan.feed(body);
  const elements = scan.elementsOf(body);
  // Kept, the values of all elements could take many times the size of the body.
  for (const chunk of chunksOf(elements.entries())) {
    for (const [at, bytes] of chunk) {
      const { unreadable } = parsedLine(at + 1, bytes);
      if (unreadable?.code === 'MALFORMED_JSON') throw unreadable;
    }
    await otherRequests();
  }
  return (function* () {
    for (const [at, bytes] of elements.entries()) yield parsedLine(at + 1, bytes);
  })();
}

/** Splits lines into the chunks that are recorded together. */
export function* chunksOf<T>(lines: Iterable<T>): Generator<readonly T[]> {
  let chunk: T[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length < chunkLines) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Reads lines in order. Other requests are answered in between, because a line may be slow to read. */
export async function readLines<T>(
  lines: Iterable<SentLine>,
  read: (line: SentLine) => T,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (const line of lines) {
    all.push(read(line));
    if (all.length % turnLines === 0) await otherRequests();
  }
  return all;
}

/** Lets the process answer other requests. Lines that are all refused wait for nothing else. */
function otherRequests(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Records lines chunk by chunk, in order. Resolves to one line of NDJSON for each, and to the marks of all of them. */
export async function recordLines<T extends { readonly line: number }>(
  lines: Iterable<T>,
  record: (
    chunk: readonly T[],
  ) => Promise<{ readonly outcomes: readonly Outcome[]; readonly marks: readonly Marks[] }>,
): Promise<{ readonly ndjson: string; readonly marks: Marks }> {
  const answers: string[] = [];
  let joined: Marks = {};
  for (const chunk of chunksOf(lines)) {
    const { outcomes, marks } = await record(chunk);
    for (const [at, { line }] of chunk.entries()) answers.push(outcomeLine(line, outcomes[at]!));
    joined = joinMarks(joined, ...marks);
    await otherRequests();
  }
  return { ndjson: answers.join(''), marks: joined };
}

/** The answer to one line, as NDJSON. */
export function outcomeLine(line: number, result: Outcome): string {
  if (result.outcome !== 'refused') {
    // Written by hand because there are many lines. Only the id can need escaping.
    return `{"line":${line},"outcome":"${result.outcome}","id":${JSON.stringify(result.id)}}\n`;
  }
  const { outcome, id, code, detail, pointer } = result;
  return `${JSON.stringify({ line, outcome, id, code, detail, pointer })}\n`;
}

/** Lines without their line ends. A line of white space alone is empty. */
function* rawLines(body: Buffer): Generator<Buffer> {
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(newline, from);
    const to = found === -1 ? body.length : found;
    yield isBlank(body, from, to) ? body.subarray(from, from) : body.subarray(from, to);
    from = to + 1;
  }
}

function isBlank(body: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

function* parsed(body: Buffer): Generator<SentLine> {
  let line = 0;
  for (const bytes of rawLines(body)) {
    line++;
    if (bytes.length > 0) yield parsedLine(line, bytes);
  }
}

function parsedLine(line: number, bytes: Buffer): SentLine {
  try {
    if (bytes.length > lineBytesMax) {
      throw new Unreadable('LINE_TOO_LARGE', 'Send lines of at most 128 KiB each.');
    }
    return { line, value: parseStrictJson(bytes, lineValuesMax) };
  } catch (error) {
    if (error instanceof Unreadable) return { line, value: undefined, unreadable: error };
    throw error;
  }
}

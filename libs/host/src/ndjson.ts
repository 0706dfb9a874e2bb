import type { Marks } from '@readership/kernel';
import { isUtf8 } from 'node:buffer';
import { HttpProblem, Unreadable } from './http-problem.js';
import { joinMarks } from './positions.js';
import { parseStrictJson } from './strict-json.js';

/** A line, or an element, of a batch: what it says, or why it cannot be read. */
export interface SentLine {
  /** From 1, empty lines counted. */
  readonly line: number;
  readonly value: unknown;
  /** Then there is no value; the other lines are none the worse. */
  readonly unreadable?: Unreadable;
}

/** What became of a line. */
export type Outcome =
  | { readonly outcome: 'recorded' | 'already-recorded'; readonly id: string }
  | {
      readonly outcome: 'refused';
      readonly id?: string;
      readonly code: string;
      readonly detail: string;
      readonly pointer?: string;
    };

const batchLinesMax = 10_000;
/** Recorded at once. */
const chunkLines = 500;

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of NDJSON that are not empty, each parsed when it is asked for. Throws before there is a first one: `NOT_UTF8`,
 * `TOO_MANY_LINES`; the edge has seen to the body's size.
 */
export function ndjsonLines(body: Buffer): Iterable<SentLine> {
  if (!isUtf8(body)) throw new Unreadable('NOT_UTF8', 'Send text encoded as UTF-8.');
  const text = body.subarray(0, 3).equals(byteOrderMark) ? body.subarray(3) : body;
  let count = 0;
  for (const bytes of rawLines(text)) if (bytes.length > 0) checkCount(++count);
  return parsed(text);
}

/** Throws `TOO_MANY_LINES` for more lines or elements than a batch may have. */
export function checkCount(lines: number): void {
  if (lines > batchLinesMax) {
    throw new HttpProblem(413, 'TOO_MANY_LINES', 'Send at most 10,000 lines at once.');
  }
}

/** Lines in the portions in which they are recorded. */
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

/** Records lines a chunk at a time, in order: a line of NDJSON for each, and where all of it lies. */
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
  }
  return { ndjson: answers.join(''), marks: joined };
}

/** The answer to one line, as NDJSON. */
export function outcomeLine(line: number, result: Outcome): string {
  if (result.outcome !== 'refused') {
    // By hand, for there are many: only the id can need escaping.
    return `{"line":${line},"outcome":"${result.outcome}","id":${JSON.stringify(result.id)}}\n`;
  }
  const { outcome, id, code, detail, pointer } = result;
  return `${JSON.stringify({ line, outcome, id, code, detail, pointer })}\n`;
}

/** Without their ends; one of white space alone is empty. */
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
    return { line, value: parseStrictJson(bytes) };
  } catch (error) {
    if (error instanceof Unreadable) return { line, value: undefined, unreadable: error };
    throw error;
  }
}

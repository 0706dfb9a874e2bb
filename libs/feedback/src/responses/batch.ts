import { HttpProblem, joinMarks, parseStrictJson, Unreadable } from '@readership/host';
import type { Marks } from '@readership/kernel';
import { isUtf8 } from 'node:buffer';
import { NotRead, type Recorded } from './recorder.js';

export const batchLinesMax = 10_000;
const chunkLines = 500;
const newline = 0x0a;

interface Line {
  /** From 1, empty lines counted too. */
  readonly line: number;
  readonly bytes: Buffer;
}

/**
 * Records NDJSON a chunk at a time: a line of outcome per line that is not empty, in order.
 * Throws before anything is recorded: 413 over the limit, 400 for a body that is not UTF-8.
 */
export async function recordBatch(
  body: Buffer,
  record: (chunk: readonly unknown[]) => Promise<readonly Recorded[]>,
): Promise<{ readonly ndjson: string; readonly marks: Marks }> {
  if (!isUtf8(body)) throw new Unreadable('NOT_UTF8', 'Send UTF-8.');
  let count = 0;
  for (const { line } of linesOf(body)) {
    if (line > 0 && ++count > batchLinesMax) {
      throw new HttpProblem(413, 'TOO_MANY_LINES', 'Send at most 10,000 lines at once.');
    }
  }
  let ndjson = '';
  let marks: Marks = {};
  for (const chunk of chunksOf(linesOf(body))) {
    const recorded = await record(chunk.map(({ bytes }) => valueOf(bytes)));
    ndjson += recorded.map((each, at) => outcomeLine(chunk[at]!.line, each)).join('');
    marks = joinMarks(marks, ...recorded.flatMap((each) => (each.outcome === 'refused' ? [] : [each.marks])));
  }
  return { ndjson, marks };
}

function* linesOf(body: Buffer): Generator<Line> {
  let line = 0;
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(newline, from);
    const to = found === -1 ? body.length : found;
    line++;
    const bytes = body.subarray(from, to);
    if (bytes.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d)) yield { line, bytes };
    from = to + 1;
  }
}

function* chunksOf(lines: Iterable<Line>): Generator<readonly Line[]> {
  let chunk: Line[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length < chunkLines) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function valueOf(bytes: Buffer): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return new NotRead({ code: error.code, detail: error.detail });
  }
}

function outcomeLine(line: number, recorded: Recorded): string {
  const { outcome, id } = recorded;
  const what = { line, outcome, ...(id === undefined ? {} : { id }) };
  return `${JSON.stringify(recorded.outcome === 'refused' ? { ...what, ...recorded.problems[0] } : what)}\n`;
}

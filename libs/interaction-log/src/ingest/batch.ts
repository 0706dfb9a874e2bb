import { isUtf8 } from 'node:buffer';
import { HttpProblem, joinMarks, parseStrictJson, Unreadable } from '@readership/host';
import type { Marks } from '@readership/kernel';
import { batchBytesMax, batchLinesMax, countLines, ndjsonLines, type BatchLine } from './batch-body.js';
import type { Problem } from './problems.js';
import type { Recorded, Recorder } from './recorder.js';

const chunkLines = 500;

/** The answer to a batch: a line of JSON per line sent, in order, and where all of it lies. */
export interface BatchAnswer {
  readonly ndjson: string;
  readonly marks: Marks;
}

/**
 * Counts, then reads and records a chunk at a time, the next one being read while the one before is appended.
 * Throws before anything is recorded: 413 over the limits, 400 for a body that is not UTF-8 or a malformed array.
 */
export async function recordBatch(
  body: Buffer,
  form: 'lines' | 'array',
  recording: ReturnType<Recorder['begin']>,
): Promise<BatchAnswer> {
  if (body.length > batchBytesMax)
    throw new HttpProblem(413, 'BODY_TOO_LARGE', 'Send at most 10 MB at once.');
  const lines = form === 'array' ? elements(body) : checkedLines(body);

  const answer: string[] = [];
  let marks: Marks = {};
  let underway: Promise<void> | null = null;
  const append = async (
    numbers: readonly number[],
    prepared: Awaited<ReturnType<typeof recording.prepare>>,
  ) => {
    const recorded = await recording.append(prepared);
    const chunkMarks: Marks[] = [marks];
    for (const [at, each] of recorded.entries()) {
      answer.push(outcomeLine(numbers[at]!, each));
      if (each.outcome !== 'refused') chunkMarks.push(each.marks);
    }
    marks = joinMarks(...chunkMarks);
  };
  for (const chunk of chunks(lines)) {
    const numbers = chunk.map(({ line }) => line);
    const read = chunk.map((line) => {
      const sent = valueOf(line);
      return 'problem' in sent ? [sent.problem] : recording.read(sent.value);
    });
    const preparing = recording.prepare(read);
    // Both are awaited together, so that the failure of one never leaves the other unheard.
    const [prepared] = await Promise.all([preparing, underway]);
    underway = append(numbers, prepared);
    underway.catch(() => {});
  }
  await underway;
  return { ndjson: answer.join(''), marks };
}

function checkedLines(body: Buffer): Iterable<BatchLine> {
  if (!isUtf8(body)) throw new Unreadable('NOT_UTF8', 'Send UTF-8.');
  if (countLines(body) > batchLinesMax) throw tooMany();
  return ndjsonLines(body);
}

function elements(body: Buffer): readonly BatchLine[] {
  const array = parseStrictJson(body);
  if (!Array.isArray(array)) throw new Unreadable('NOT_AN_ARRAY', 'Send a JSON array of CloudEvents.');
  if (array.length > batchLinesMax) throw tooMany();
  return array.map((element: unknown, at) => ({ line: at + 1, element }));
}

function tooMany(): HttpProblem {
  return new HttpProblem(413, 'TOO_MANY_LINES', 'Send at most 10,000 lines at once.');
}

function valueOf(line: BatchLine): { readonly value: unknown } | { readonly problem: Problem } {
  if (line.bytes === undefined) return { value: line.element };
  try {
    return { value: parseStrictJson(line.bytes) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { problem: { code: error.code, detail: error.detail } };
  }
}

function* chunks(lines: Iterable<BatchLine>): Generator<readonly BatchLine[]> {
  let chunk: BatchLine[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length < chunkLines) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function outcomeLine(line: number, recorded: Recorded): string {
  if (recorded.outcome !== 'refused') {
    // By hand: nothing in it needs escaping.
    return `{"line":${line},"outcome":"${recorded.outcome}","id":"${recorded.id}"}\n`;
  }
  const { code, detail, pointer } = recorded.problems[0]!;
  return `${JSON.stringify({
    line,
    outcome: 'refused',
    ...(recorded.id === undefined ? {} : { id: recorded.id }),
    code,
    detail,
    ...(pointer === undefined ? {} : { pointer }),
  })}\n`;
}

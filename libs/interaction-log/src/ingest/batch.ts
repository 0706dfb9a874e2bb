import { arrayLines, chunksOf, joinMarks, ndjsonLines, outcomeLine, readLines } from '@readership/host';
import type { Marks } from '@readership/kernel';
import type { LineOutcome, Recorder } from './recorder.js';

/** The answer to a batch: one line of JSON per line sent, in order, and the marks of all of it. */
export interface BatchAnswer {
  readonly ndjson: string;
  readonly marks: Marks;
}

/**
 * Counts the lines, then reads and records them chunk by chunk. The next chunk is prepared while the one before is
 * appended. Throws before anything is recorded: 413 over the limits, 400 for a body that is not UTF-8 or a malformed
 * array.
 */
export async function recordBatch(
  body: Buffer,
  form: 'lines' | 'array',
  recording: ReturnType<Recorder['begin']>,
): Promise<BatchAnswer> {
  const lines = form === 'array' ? await arrayLines(body) : ndjsonLines(body);

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
      answer.push(answerTo(numbers[at]!, each));
      if (each.outcome !== 'refused') chunkMarks.push(each.marks);
    }
    marks = joinMarks(...chunkMarks);
  };
  for (const chunk of chunksOf(lines)) {
    const numbers = chunk.map(({ line }) => line);
    const read = await readLines(chunk, ({ value, unreadable }) =>
      unreadable === undefined
        ? recording.read(value)
        : [{ code: unreadable.code, detail: unreadable.detail }],
    );
    const preparing = recording.prepare(read);
    // Both are awaited together, so that a failure of one never leaves the other unhandled.
    const [prepared] = await Promise.all([preparing, underway]);
    underway = append(numbers, prepared);
    underway.catch(() => {});
  }
  await underway;
  return { ndjson: answer.join(''), marks };
}

function answerTo(line: number, recorded: LineOutcome): string {
  if (recorded.outcome !== 'refused') return outcomeLine(line, recorded);
  const { outcome, id, problems } = recorded;
  return outcomeLine(line, { outcome, ...(id === undefined ? {} : { id }), ...problems[0]! });
}

import { ndjsonLines, recordLines, type Outcome, type SentLine } from '@readership/host';
import type { Marks } from '@readership/kernel';
import type { ResponseOutcome } from './recorder.js';

/**
 * Records NDJSON chunk by chunk. Resolves to one line of outcome per line that is not empty, in order. Throws before
 * anything is recorded: 413 over the limit, 400 for a body that is not UTF-8.
 */
export function recordBatch(
  body: Buffer,
  record: (chunk: readonly SentLine[]) => Promise<readonly ResponseOutcome[]>,
): Promise<{ readonly ndjson: string; readonly marks: Marks }> {
  return recordLines(ndjsonLines(body), async (chunk) => {
    const recorded = await record(chunk);
    return {
      outcomes: recorded.map(outcomeOf),
      marks: recorded.flatMap((each) => (each.outcome === 'refused' ? [] : [each.marks])),
    };
  });
}

function outcomeOf(recorded: ResponseOutcome): Outcome {
  if (recorded.outcome !== 'refused') return recorded;
  const { outcome, id, problems } = recorded;
  return { outcome, ...(id === undefined ? {} : { id }), ...problems[0]! };
}

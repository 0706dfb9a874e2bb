import { checkHistory, reported, Unavailable, type LoopReport, type Publisher } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { WriteGate } from './write-gate.js';

const backoffMs = { first: 500, most: 10_000 } as const;
/** A boot waits no longer for the first answer. */
const firstAnswerMs = 5_000;

/**
 * Compares the history of a context with the log, again and again until the log can be asked, and opens its gate.
 * Resolves when that is done, or when the signal is aborted. Rejects when the context must not run.
 */
export async function compareHistory(
  context: Publisher,
  gate: WriteGate,
  report: LoopReport,
  signal: AbortSignal,
): Promise<void> {
  const late = setTimeout(() => {
    report.failed(new Unavailable('LOG_UNAVAILABLE', `no answer within ${firstAnswerMs} ms`));
    gate.away();
  }, firstAnswerMs);
  try {
    for (let delayMs: number = backoffMs.first; !signal.aborted;) {
      try {
        await reported(report, () => checkHistory(context));
        return gate.open();
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        gate.away();
      } finally {
        clearTimeout(late);
      }
      await pause(delayMs, undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, backoffMs.most);
    }
  } finally {
    report.ended();
  }
}

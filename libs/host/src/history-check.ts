import { checkHistory, reported, Unavailable, type LoopReport, type Publisher } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { WriteGate } from './write-gate.js';

const backoffMs = { first: 500, most: 10_000 } as const;
/** The longest that a boot waits for the first outcome. */
const firstAnswerMs = 5_000;

/**
 * Compares a context's history with the log and opens its write gate. While the log is unavailable it tries again.
 * Resolves when the gate is open or the signal is aborted. Rejects when the context must not run.
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

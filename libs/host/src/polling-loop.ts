import { reported, type LoopReport, type WakeUp } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';

const backoffMs = { first: 50, most: 5000 } as const;

/**
 * Calls `step` as long as it finds work, waits for the wake-up when it does not, and retries after an error with
 * growing pauses. Ends soon after the signal, but never in the middle of a step. Each step is reported.
 */
export async function pollingLoop(
  step: () => Promise<number>,
  wakeUp: WakeUp,
  signal: AbortSignal,
  report: LoopReport,
): Promise<void> {
  let delayMs: number = backoffMs.first;
  while (!signal.aborted) {
    const seen = wakeUp.count;
    try {
      const taken = await reported(report, step);
      delayMs = backoffMs.first;
      if (taken === 0) await wakeUp.after(seen, signal);
    } catch {
      await pause(delayMs, undefined, { signal }).catch(() => {});
      delayMs = Math.min(delayMs * 2, backoffMs.most);
    }
  }
  report.ended();
}

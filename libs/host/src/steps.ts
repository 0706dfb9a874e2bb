import { setTimeout as pause } from 'node:timers/promises';

/** Wakes everybody who waits, and nobody misses a beat that came while they worked. */
export class Pulse {
  count = 0;
  private waiting: (() => void)[] = [];

  beat(): void {
    this.count++;
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  /** Resolves at the first beat after number `seen`; at once when there was one. */
  async after(seen: number): Promise<void> {
    if (this.count > seen) return;
    await new Promise<void>((wake) => this.waiting.push(wake));
  }
}

const backoffMs = { first: 50, most: 5000 } as const;

/**
 * Calls `step` as long as it finds something, waits for `next` when it does not, and after an error tries again, later
 * each time. Ends soon after the signal, never in the middle of a step.
 */
export async function keepStepping(
  step: () => Promise<number>,
  pulse: Pulse,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  let delayMs: number = backoffMs.first;
  while (!signal.aborted) {
    const seen = pulse.count;
    try {
      const taken = await step();
      delayMs = backoffMs.first;
      if (taken === 0 && !signal.aborted) await pulse.after(seen);
    } catch (error) {
      failed(error);
      await pause(delayMs, undefined, { signal }).catch(() => {});
      delayMs = Math.min(delayMs * 2, backoffMs.most);
    }
  }
}

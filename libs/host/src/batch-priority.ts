import { WakeUp } from '@readership/kernel';

/** The longest that background work waits for batches in progress. Read models get older by this much at most. */
const waitMaxMs = 250;

/**
 * Gives batches priority: their senders wait for an answer, and relays, feeds and consumers share the thread with them.
 * The delayed background work is stored already and catches up as soon as there is time.
 */
export class BatchPriority {
  private batches = 0;
  private readonly idleAgain = new WakeUp();

  get underWay(): number {
    return this.batches;
  }

  enter(): void {
    this.batches++;
  }

  leave(): void {
    if (--this.batches === 0) this.idleAgain.wake();
  }

  /** Resolves when no batch is in progress, or after `waitMaxMs`. */
  async idle(): Promise<void> {
    if (this.batches > 0) await this.idleAgain.after(this.idleAgain.count, undefined, waitMaxMs);
  }
}

/** Longest that background work waits for batches under way: so stale may a read model become through them, and no more. */
const waitMaxMs = 250;

/**
 * Batches go first: their senders wait for an answer, and relays, feeds and pipelines share the thread with them. What
 * is held back is stored already and is made up for as soon as there is room.
 */
export class RightOfWay {
  private batches = 0;
  private waiting: (() => void)[] = [];

  get underWay(): number {
    return this.batches;
  }

  enter(): void {
    this.batches++;
  }

  leave(): void {
    if (--this.batches > 0) return;
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  /** Resolves when no batch is under way, or after `waitMaxMs`. */
  async given(): Promise<void> {
    if (this.batches === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMaxMs);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

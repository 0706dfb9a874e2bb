/** Wakes those who wait for news in this process. A ring between two waits of the same signal is not missed. */
export class Bell {
  private rings = 0;
  private readonly heard = new WeakMap<AbortSignal, number>();
  private readonly waiting = new Set<() => void>();

  ring(): void {
    this.rings++;
    for (const wake of [...this.waiting]) wake();
  }

  /** Resolves at once when it rang since this signal's last wait; else at the next ring, after `ms`, or on abort. */
  async wait(signal: AbortSignal, ms: number): Promise<void> {
    if (!signal.aborted && this.heard.get(signal) === this.rings) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          this.waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        signal.addEventListener('abort', wake);
        this.waiting.add(wake);
      });
    }
    this.heard.set(signal, this.rings);
  }
}

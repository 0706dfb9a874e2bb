/** Wakes whoever waits for news in this process. */
export class WakeUp {
  private wakes = 0;
  private readonly seen = new WeakMap<AbortSignal, number>();
  private readonly waiting = new Set<() => void>();

  /** How often it woke so far; give it to `after`. */
  get count(): number {
    return this.wakes;
  }

  /** How many wait now. */
  get waiters(): number {
    return this.waiting.size;
  }

  wake(): void {
    this.wakes++;
    for (const wake of [...this.waiting]) wake();
  }

  /**
   * Resolves at the first wake-up after number `seen`, at once when there was one; also after `ms`, and when the signal is
   * aborted.
   */
  async after(seen: number, signal?: AbortSignal, ms?: number): Promise<void> {
    if (this.wakes > seen || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      signal?.addEventListener('abort', wake);
      this.waiting.add(wake);
    });
  }

  /** Resolves at once when it woke since this signal's last wait; else at the next wake-up, after `ms`, or on abort. */
  async wait(signal: AbortSignal, ms: number): Promise<void> {
    await this.after(this.seen.get(signal) ?? this.wakes - 1, signal, ms);
    this.seen.set(signal, this.wakes);
  }
}

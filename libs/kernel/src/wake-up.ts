/** Wakes loops of this process that wait for new work. */
export class WakeUp {
  private wakes = 0;
  private readonly seen = new WeakMap<AbortSignal, number>();
  private readonly waiting = new Set<() => void>();

  /** The number of wake-ups so far, for `after`. */
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
   * Resolves at the first wake-up after number `seen`, which may have been before the call. Also resolves after `ms`,
   * or when the signal is aborted.
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

  /**
   * Resolves immediately when there was a wake-up since this signal's last wait. Otherwise resolves at the next
   * wake-up, after `ms`, or on abort.
   */
  async wait(signal: AbortSignal, ms: number): Promise<void> {
    await this.after(this.seen.get(signal) ?? this.wakes - 1, signal, ms);
    this.seen.set(signal, this.wakes);
  }
}

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
   * Resolves to true at the first wake-up after number `seen`, which may have been before the call. Resolves to false
   * after `ms`, or when the signal is aborted.
   */
  async after(seen: number, signal?: AbortSignal, ms?: number): Promise<boolean> {
    if (this.wakes > seen || signal?.aborted) return this.wakes > seen;
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
    return this.wakes > seen;
  }

  /**
   * Resolves to true immediately when there was a wake-up since this signal's last wait. Otherwise resolves to true at
   * the next wake-up, to false after `ms`, or on abort.
   */
  async wait(signal: AbortSignal, ms: number): Promise<boolean> {
    const woken = await this.after(this.seen.get(signal) ?? this.wakes - 1, signal, ms);
    this.seen.set(signal, this.wakes);
    return woken;
  }
}

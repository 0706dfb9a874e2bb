const ticksPerMs = 1024;

/**
 * Gives arrival times to commits: safe integers that follow the time and increase within this process. Clocks of other
 * processes differ, so these values make the order fair and never decide correctness.
 */
export class ArrivalClock {
  private last = 0;

  constructor(private readonly now: () => number = Date.now) {}

  tick(): number {
    this.last = Math.max(this.now() * ticksPerMs, this.last + 1);
    return this.last;
  }
}

import { endsAgeMaxMs } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';

const askEveryMs = 1_000;

/** The last known ends of the log. Asks once a second for everybody, so that nobody waits for an answer. */
export class KnownEnds {
  private ends: number[] = [];
  private askedAt = -Infinity;
  private readonly stopping = new AbortController();
  private asking: Promise<void> | null = null;

  constructor(
    private readonly ask: () => Promise<readonly number[]>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `null` when the log has not answered for `endsAgeMaxMs`. */
  get known(): readonly number[] | null {
    return this.now() - this.askedAt > endsAgeMaxMs ? null : this.ends;
  }

  /** Asks periodically until it is stopped. */
  start(): void {
    this.asking ??= this.askAgainAndAgain();
  }

  /** Reports that a record was seen at this offset: the partition ends there or later. */
  seen(partition: number, offset: number): void {
    if (offset > (this.ends[partition] ?? 0)) this.ends[partition] = offset;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.asking;
  }

  private async askAgainAndAgain(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const begunAt = this.now();
      try {
        const ends = await this.ask();
        // The answer counts from when the question was asked; it may lack records that arrived later.
        this.ends = [...ends];
        this.askedAt = begunAt;
      } catch {
        // The known ends grow old, and are then no longer used.
      }
      await pause(askEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

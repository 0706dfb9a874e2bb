import { endsAgeMaxMs } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';

const askEveryMs = 1_000;

/** What this process was last told of the ends of the log: asked once a second for everybody, so that nobody waits for an answer. */
export class KnownEnds {
  private ends: number[] = [];
  private askedAt = -Infinity;
  private readonly stopping = new AbortController();
  private asking: Promise<void> | null = null;

  constructor(
    private readonly ask: () => Promise<readonly number[]>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `null` while the log has not answered for `endsAgeMaxMs`. */
  get known(): readonly number[] | null {
    return this.now() - this.askedAt > endsAgeMaxMs ? null : this.ends;
  }

  /** Asks from now on, until it is stopped. */
  start(): void {
    this.asking ??= this.askAgainAndAgain();
  }

  /** A record was seen at this offset: the partition ends there or later. */
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
        // As of the question: what came to the log after it may be missing in the answer.
        this.ends = [...ends];
        this.askedAt = begunAt;
      } catch {
        // What is known grows old, and is not known any more then.
      }
      await pause(askEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

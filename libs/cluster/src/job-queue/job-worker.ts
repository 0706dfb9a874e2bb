import { setTimeout as pause } from 'node:timers/promises';
import { Refusal, type Job, type JobWorker, type LoopReport } from '@readership/kernel';
import type { Claimed, Ending, StoredJobs } from './stored-jobs.js';
import type { StopListening, WakeUps } from './wake-ups.js';

export interface WorkerOptions {
  readonly attemptsMax: number;
  readonly backoffMs: number;
  readonly claimMs: number;
  readonly sweepMs: number;
  readonly report?: LoopReport | undefined;
}

const backoffMaxMs = 24 * 60 * 60 * 1000;
/** How often a job may take its process with it, beyond the attempts, before it is parked. */
const crashesMax = 10;
const sweepPage = 100;
const endTriesMax = 5;

/**
 * Runs the jobs of one queue, one at a time, the one due first.
 *
 * A wake-up from Redis makes it look for a job at once. Beside that it sweeps: what is due goes back into Redis, and
 * what nobody began within a sweep's time it begins itself, at once while Redis is away.
 */
export class QueueWorker implements JobWorker {
  private readonly stopping = new AbortController();
  private readonly stopListening: StopListening;
  private readonly sweeping: Promise<void>;
  private lastTurn: Promise<unknown> = Promise.resolve();
  private isRunning = false;
  private isAbandoned = false;

  constructor(
    private readonly queue: string,
    private readonly handler: (job: Job) => Promise<void>,
    private readonly options: WorkerOptions,
    private readonly jobs: StoredJobs,
    private readonly wakeUps: WakeUps,
  ) {
    this.stopListening = wakeUps.listen(queue, () => this.turn(0));
    this.sweeping = this.sweepUntilStopped();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.stopListening(), this.sweeping, this.lastTurn]);
  }

  /** Leaves the job under way to its claim, which runs out. */
  async abandon(): Promise<void> {
    this.stopping.abort();
    this.isAbandoned = true;
    await this.stopListening();
  }

  private async sweepUntilStopped(): Promise<void> {
    const { signal } = this.stopping;
    const { report } = this.options;
    while (!signal.aborted) {
      // The database refused: the next sweep asks again.
      await this.sweep().catch((error: unknown) => report?.failed(error));
      await pause(this.options.sweepMs, undefined, { signal }).catch(() => undefined);
    }
    report?.ended();
  }

  private async sweep(): Promise<void> {
    for (const { id, due } of await this.jobs.due(this.queue, Date.now(), sweepPage))
      void this.wakeUps.add(this.queue, id, due);
    if (this.isRunning) return this.options.report?.succeeded();
    while (await this.turn(this.wakeUps.areReady ? this.options.sweepMs : 0));
  }

  /** Runs the first job due `overdueMs` ago or earlier once the turn before has ended; false when there is none. */
  private turn(overdueMs: number): Promise<boolean> {
    const turn = this.lastTurn.then(() => this.step(overdueMs));
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  private async step(overdueMs: number): Promise<boolean> {
    if (this.stopping.signal.aborted) return false;
    this.isRunning = true;
    try {
      const { claimMs, attemptsMax } = this.options;
      const claimed = await this.jobs.claim(this.queue, Date.now() - overdueMs, {
        claimMs,
        beginsMax: attemptsMax + crashesMax,
      });
      this.options.report?.succeeded();
      if (!claimed) return false;
      const letGo = this.keep(claimed);
      try {
        await this.end(claimed, await this.run(claimed.job));
      } finally {
        letGo();
      }
      return true;
    } finally {
      this.isRunning = false;
    }
  }

  private async run(job: Job): Promise<Ending> {
    try {
      await this.handler(job);
      return { state: 'done', due: Date.now() };
    } catch (error) {
      const { attemptsMax, backoffMs } = this.options;
      const laterMs = Math.min(backoffMs * 2 ** (job.attempts - 1), backoffMaxMs);
      return {
        state: job.attempts >= attemptsMax ? 'parked' : 'waiting',
        due: Date.now() + laterMs,
        reason: error instanceof Refusal ? error.code : 'FAILED',
      };
    }
  }

  /** Renews the claim until it is let go or lost. */
  private keep(claimed: Claimed): () => void {
    const { claimMs } = this.options;
    const timer = setInterval(async () => {
      if (this.isAbandoned) return clearInterval(timer);
      // A database that refuses is asked again at the next interval.
      const isOurs = await this.jobs.renew(claimed, Date.now() + claimMs).catch(() => true);
      if (!isOurs) clearInterval(timer);
    }, claimMs / 3);
    return () => clearInterval(timer);
  }

  /** Records the end of a job that is still ours. Where the database refuses for long, the job is begun again. */
  private async end(claimed: Claimed, ending: Ending): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const isOurs = await this.jobs.end(claimed, ending);
        if (isOurs && ending.state === 'waiting')
          void this.wakeUps.add(this.queue, claimed.job.id, ending.due);
        return;
      } catch (error) {
        if (tries >= endTriesMax || this.isAbandoned) throw error;
        await pause(100 * 2 ** tries);
      }
    }
  }
}

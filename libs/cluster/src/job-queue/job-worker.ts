import { setTimeout as pause } from 'node:timers/promises';
import {
  jobBackoffMs,
  Refusal,
  writeJobEnd,
  type Job,
  type JobOptions,
  type JobWorker,
  type LoopReport,
} from '@readership/kernel';
import type { Claimed, Ending, StoredJobs } from './stored-jobs.js';
import type { StopListening, WakeUps } from './wake-ups.js';

export interface WorkerOptions extends JobOptions {
  readonly claimMs: number;
  readonly sweepMs: number;
  readonly report?: LoopReport | undefined;
}

/** How often a job may crash its process, beyond the attempts, before it is parked. */
const crashesMax = 10;
const sweepPage = 100;

/**
 * Runs the jobs of one queue, one at a time, the one due first.
 *
 * A wake-up from Redis makes it look for a job at once. In addition it sweeps periodically: it puts wake-ups of due
 * jobs back into Redis, and begins a job itself when nobody has begun it within a sweep's time, or at once while Redis
 * is unavailable.
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

  /** Abandons the running job, whose claim then expires. */
  async abandon(): Promise<void> {
    this.stopping.abort();
    this.isAbandoned = true;
    await this.stopListening();
  }

  private async sweepUntilStopped(): Promise<void> {
    const { signal } = this.stopping;
    const { report } = this.options;
    while (!signal.aborted) {
      // The database refused. The next sweep tries again.
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

  /**
   * Runs the first job due `overdueMs` ago or earlier, once the turn before has ended. Resolves to false when there is
   * none.
   */
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
      const { attemptsMax, backoffMs, failed } = this.options;
      failed?.(error, { id: job.id, step: 'run' });
      return {
        state: job.attempts >= attemptsMax ? 'parked' : 'waiting',
        due: Date.now() + jobBackoffMs(job.attempts, backoffMs),
        reason: error instanceof Refusal ? error.code : 'FAILED',
      };
    }
  }

  /** Renews the claim until the returned function is called or the claim is lost. */
  private keep(claimed: Claimed): () => void {
    const { claimMs } = this.options;
    const timer = setInterval(async () => {
      if (this.isAbandoned) return clearInterval(timer);
      // A database that refuses is tried again at the next interval.
      const isOurs = await this.jobs.renew(claimed, Date.now() + claimMs).catch(() => true);
      if (!isOurs) clearInterval(timer);
    }, claimMs / 3);
    return () => clearInterval(timer);
  }

  /**
   * Records the end of a job that this worker still owns. While the database refuses, the claim is renewed with it or
   * expires; then the worker that begins the job again records its end.
   */
  private async end(claimed: Claimed, ending: Ending): Promise<void> {
    const { id } = claimed.job;
    const isOurs = await writeJobEnd(
      () => (this.isAbandoned ? Promise.resolve(false) : this.jobs.end(claimed, ending)),
      this.stopping.signal,
      (error) => this.options.failed?.(error, { id, step: 'end' }),
    );
    if (isOurs && ending.state === 'waiting') void this.wakeUps.add(this.queue, id, ending.due);
  }
}

import type { Logger } from '@nestjs/common';
import type { Job, JobFailed, JobQueue, JobWorker } from '@readership/kernel';
import type { BatchPriority } from './batch-priority.js';
import type { ExpectedRetries } from './expected-retries.js';
import { causeOf } from './logger.js';

/** Handles the jobs of one queue. A job that fails is begun again until it succeeds. */
export interface JobHandler {
  readonly queue: string;
  handle(job: Job): Promise<void>;
}

type Step = Parameters<JobFailed>[1]['step'];

const steps: readonly Step[] = ['run', 'end'];
const unended = ['waiting', 'running', 'parked'] as const;
const backoffMs = 1_000;

/** The workers of a context, one for each queue. Failures are counted, and logged unless they are expected. */
export class JobWorkers {
  private readonly workers: JobWorker[] = [];
  private readonly failed = new Map<string, number>();

  constructor(
    private readonly jobs: JobQueue,
    private readonly handlers: readonly JobHandler[],
    private readonly batchPriority: BatchPriority,
    private readonly retries: ExpectedRetries,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    for (const handler of this.handlers) {
      const { queue } = handler;
      const failed: JobFailed = (error, { step }) => {
        this.failed.set(`${queue} ${step}`, this.failures(queue, step) + 1);
        if (this.retries.counts(error)) return;
        const what = step === 'run' ? `a job of ${queue}` : `storing the outcome of a job of ${queue}`;
        this.logger.warn(`${what} failed, retrying`, causeOf(error));
      };
      const options = { attemptsMax: Number.MAX_SAFE_INTEGER, backoffMs, failed };
      const work = async (job: Job): Promise<void> => {
        await this.batchPriority.idle();
        await handler.handle(job);
      };
      this.workers.push(await this.jobs.process(queue, work, options));
    }
  }

  /** Resolves when the running jobs have ended. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  /** Failures in this process: of jobs, and of storing how a job ended. */
  *allFailures(): Generator<{ readonly queue: string; readonly step: Step; readonly times: number }> {
    for (const { queue } of this.handlers) {
      for (const step of steps) yield { queue, step, times: this.failures(queue, step) };
    }
  }

  /** Jobs of all processes that have not ended. */
  async counts(): Promise<readonly { queue: string; state: Job['state']; jobs: number }[]> {
    const all = this.handlers.flatMap(({ queue }) => unended.map((state) => ({ queue, state })));
    return Promise.all(
      all.map(async (one) => ({ ...one, jobs: await this.jobs.count(one.queue, one.state) })),
    );
  }

  private failures(queue: string, step: Step): number {
    return this.failed.get(`${queue} ${step}`) ?? 0;
  }
}

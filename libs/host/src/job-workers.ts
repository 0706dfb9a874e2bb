import type { Logger } from '@nestjs/common';
import type { Job, JobFailed, JobQueue, JobWorker } from '@readership/kernel';
import type { BatchPriority } from './batch-priority.js';
import { causeOf } from './logger.js';

/** What a context does with the jobs of one queue. A job that fails is begun again for as long as it fails. */
export interface JobHandler {
  readonly queue: string;
  handle(job: Job): Promise<void>;
}

type Step = Parameters<JobFailed>[1]['step'];

const steps: readonly Step[] = ['run', 'end'];
const unended = ['waiting', 'running', 'parked'] as const;
const backoffMs = 1_000;

/** The workers of a context's queues, one of each queue. */
export class JobWorkers {
  private readonly workers: JobWorker[] = [];
  private readonly failed = new Map<string, number>();

  constructor(
    private readonly jobs: JobQueue,
    private readonly handlers: readonly JobHandler[],
    private readonly batchPriority: BatchPriority,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    for (const handler of this.handlers) {
      const { queue } = handler;
      const failed: JobFailed = (error, { step }) => {
        this.failed.set(`${queue} ${step}`, this.failures(queue, step) + 1);
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

  /** Resolves when the jobs under way have ended. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  /** What this process met: jobs that failed, and ends of jobs that the store refused. */
  *allFailures(): Generator<{ readonly queue: string; readonly step: Step; readonly times: number }> {
    for (const { queue } of this.handlers) {
      for (const step of steps) yield { queue, step, times: this.failures(queue, step) };
    }
  }

  /** Jobs that have not ended, of all processes. */
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

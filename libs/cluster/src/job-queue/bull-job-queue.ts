import {
  JobQueue,
  type Job,
  type JobOptions,
  type JobWorker,
  type LoopReport,
  type NewJob,
} from '@readership/kernel';
import type { Database } from '../mongo.js';
import { QueueWorker } from './job-worker.js';
import { StoredJobs } from './stored-jobs.js';
import { WakeUps } from './wake-ups.js';

export interface BullJobQueueOptions {
  readonly redisUrl: string;
  /** Prefix of every key in Redis. Each context has its own. */
  readonly prefix: string;
  /**
   * How long a job belongs to a worker that gives no sign of life; 30 s by default. Clocks of different machines must
   * agree within a fraction of it.
   */
  readonly claimMs?: number;
  /** How often each worker looks for wake-ups that Redis lost; every 3 s by default. */
  readonly sweepMs?: number;
  /** Where workers report the outcome of their steps. */
  readonly report?: (loop: string) => LoopReport;
}

/**
 * Jobs of one context in its database. Bull wakes the workers and distributes jobs over processes. Redis may be
 * unavailable, emptied or restarted at any time: every job still runs, later by at most a sweep or two.
 */
export class BullJobQueue extends JobQueue {
  private readonly jobs: StoredJobs;
  private readonly wakeUps: WakeUps;
  private readonly workers = new Set<QueueWorker>();

  constructor(
    database: Database,
    private readonly options: BullJobQueueOptions,
  ) {
    super();
    this.jobs = new StoredJobs(database);
    this.wakeUps = new WakeUps(options.redisUrl, options.prefix);
  }

  async enqueue(job: NewJob): Promise<'added' | 'known'> {
    const due = job.runAt === undefined ? Date.now() : Date.parse(job.runAt);
    if (Number.isNaN(due)) throw new RangeError('A job needs a runAt in RFC 3339, or none.');
    if (!(await this.jobs.insert(job, due))) return 'known';
    void this.wakeUps.add(job.queue, job.id, due);
    return 'added';
  }

  async process(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: JobOptions,
  ): Promise<JobWorker> {
    const { claimMs = 30_000, sweepMs = 3000 } = this.options;
    const report = this.options.report?.(`jobs ${queue}`);
    const how = { ...options, claimMs, sweepMs, report };
    const worker = new QueueWorker(queue, handler, how, this.jobs, this.wakeUps);
    this.workers.add(worker);
    return {
      stop: async () => {
        await worker.stop();
        this.workers.delete(worker);
      },
    };
  }

  job(queue: string, id: string): Promise<Job | null> {
    return this.jobs.find(queue, id);
  }

  async retry(queue: string, id: string): Promise<boolean> {
    const due = Date.now();
    if (!(await this.jobs.retry(queue, id, due))) return false;
    void this.wakeUps.add(queue, id, due);
    return true;
  }

  count(queue: string, state: Job['state']): Promise<number> {
    return this.jobs.count(queue, state);
  }

  list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]> {
    return this.jobs.list(queue, state, limit);
  }

  /** Lets no worker begin another job, waits for the running jobs, and releases the connections to Redis. */
  async stop(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.stop()));
    await this.wakeUps.close();
  }

  /** Releases the connections to Redis at once. A running job begins again elsewhere when its claim expires. */
  async close(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.abandon()));
    await this.wakeUps.close();
  }
}

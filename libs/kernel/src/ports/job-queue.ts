/** The longest that a retry waits. */
export const jobBackoffMaxMs = 30_000;

/** How long to wait after this many attempts. */
export function jobBackoffMs(attempts: number, backoffMs: number): number {
  return Math.min(backoffMs * 2 ** Math.min(attempts - 1, 30), jobBackoffMaxMs);
}

export interface NewJob {
  readonly queue: string;
  /** Unique in its queue for ever: the same id again is the same job. */
  readonly id: string;
  /** Plain JSON, without personal data. */
  readonly data: object;
  /** RFC 3339 UTC; absent: at once. */
  readonly runAt?: string;
}

export interface Job {
  readonly queue: string;
  readonly id: string;
  readonly data: object;
  readonly state: 'waiting' | 'running' | 'done' | 'parked';
  /** How often it was begun. */
  readonly attempts: number;
  /** Of one that waits: when it may begin, RFC 3339 UTC. */
  readonly runAt?: string;
  /** Code of the last failure. */
  readonly reason?: string;
}

/** What failed: the handler, or writing down how the job ended. */
export type JobFailed = (
  error: unknown,
  where: { readonly id: string; readonly step: 'run' | 'end' },
) => void;

export interface JobOptions {
  readonly attemptsMax: number;
  /** Before the second attempt; twice as long before each later one, and never longer than `jobBackoffMaxMs`. */
  readonly backoffMs: number;
  readonly failed?: JobFailed;
}

export interface JobWorker {
  /** Resolves when the job under way has ended and no other will begin. */
  stop(): Promise<void>;
}

/**
 * Work that outlives a request.
 *
 * - An enqueued job is durable when `enqueue` resolves, and begins at or after its `runAt`.
 * - A job is begun at least once and again after a crash: a handler must bear repetition.
 * - One whose handler throws is begun again, later each time and within `jobBackoffMaxMs`, at most `attemptsMax` times;
 *   then it is parked.
 * - When the store does not take the end of a job, the end is written again, or the job is begun again, until the store
 *   takes it: no restart is needed. Each failure is told to `failed`.
 * - Of one queue a worker runs one job at a time, the one due first.
 */
export abstract class JobQueue {
  /** `added`, or `known` when a job of this id exists: then nothing changes. */
  abstract enqueue(job: NewJob): Promise<'added' | 'known'>;

  abstract process(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: JobOptions,
  ): Promise<JobWorker>;

  abstract job(queue: string, id: string): Promise<Job | null>;

  /** Lets a parked job begin again from attempt 0; false when it is not parked. */
  abstract retry(queue: string, id: string): Promise<boolean>;

  /** How many jobs of a queue are in a state. */
  abstract count(queue: string, state: Job['state']): Promise<number>;

  abstract list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]>;
}

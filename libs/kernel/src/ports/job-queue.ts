/** The longest pause before a retry. */
export const jobBackoffMaxMs = 30_000;

/** The pause before the next attempt, in milliseconds, after this many attempts. */
export function jobBackoffMs(attempts: number, backoffMs: number): number {
  return Math.min(backoffMs * 2 ** Math.min(attempts - 1, 30), jobBackoffMaxMs);
}

export interface NewJob {
  readonly queue: string;
  /** Unique in its queue for ever: enqueueing the same id again changes nothing. */
  readonly id: string;
  /** Plain JSON, without personal data. */
  readonly data: object;
  /** When it may begin, RFC 3339 UTC. Defaults to now. */
  readonly runAt?: string;
}

export interface Job {
  readonly queue: string;
  readonly id: string;
  readonly data: object;
  readonly state: 'waiting' | 'running' | 'done' | 'parked';
  /** How often it was begun. */
  readonly attempts: number;
  /** When a waiting job may begin, RFC 3339 UTC. */
  readonly runAt?: string;
  /** Code of the last failure. */
  readonly reason?: string;
}

/** Called with each failure of a handler, and with each failure to store how a job ended. */
export type JobFailed = (
  error: unknown,
  where: { readonly id: string; readonly step: 'run' | 'end' },
) => void;

export interface JobOptions {
  readonly attemptsMax: number;
  /** Pause before the second attempt. It doubles with each later one, up to `jobBackoffMaxMs`. */
  readonly backoffMs: number;
  readonly failed?: JobFailed;
}

export interface JobWorker {
  /** Begins no other job. Resolves when the current job has ended. */
  stop(): Promise<void>;
}

/**
 * Work that outlives a request.
 *
 * - An enqueued job is durable when `enqueue` resolves, and begins at or after its `runAt`.
 * - A job is begun at least once, and again after a crash: a handler must tolerate repetition.
 * - A job whose handler throws is begun again, after a pause that grows up to `jobBackoffMaxMs`, at most `attemptsMax`
 *   times; then it is parked.
 * - When the store does not accept the end of a job, the end is written again, or the job is begun again, until the
 *   store accepts it. No restart is needed. Each failure is reported to `failed`.
 * - A worker runs one job of its queue at a time, the one that is due first.
 */
export abstract class JobQueue {
  /** Resolves to `added`, or to `known` when a job of this id exists; then nothing changes. */
  abstract enqueue(job: NewJob): Promise<'added' | 'known'>;

  abstract process(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: JobOptions,
  ): Promise<JobWorker>;

  abstract job(queue: string, id: string): Promise<Job | null>;

  /** Lets a parked job begin again from attempt 0. Resolves to false when it is not parked. */
  abstract retry(queue: string, id: string): Promise<boolean>;

  /** The number of jobs of a queue in a state. */
  abstract count(queue: string, state: Job['state']): Promise<number>;

  abstract list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]>;
}

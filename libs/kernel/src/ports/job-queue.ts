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
  /** Code of the last failure. */
  readonly reason?: string;
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
 * - One whose handler throws is begun again, later each time, at most `attemptsMax` times; then it is parked.
 * - Of one queue a worker runs one job at a time, the one due first.
 */
export abstract class JobQueue {
  /** `added`, or `known` when a job of this id exists: then nothing changes. */
  abstract enqueue(job: NewJob): Promise<'added' | 'known'>;

  abstract process(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: { readonly attemptsMax: number; readonly backoffMs: number },
  ): Promise<JobWorker>;

  abstract job(queue: string, id: string): Promise<Job | null>;

  /** Lets a parked job begin again from attempt 0; false when it is not parked. */
  abstract retry(queue: string, id: string): Promise<boolean>;

  abstract list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]>;
}

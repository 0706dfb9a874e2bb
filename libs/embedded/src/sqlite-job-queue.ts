import {
  jobBackoffMs,
  JobQueue,
  Refusal,
  WakeUp,
  writeJobEnd,
  type Job,
  type JobOptions,
  type JobWorker,
  type NewJob,
} from '@readership/kernel';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.js';
import type { SqlWriter } from './writer.js';

const pollMs = 250;
const columns = 'queue, id, data, state, attempts, reason, due';

/** Jobs of one context in its database. */
export class SqliteJobQueue extends JobQueue {
  private readonly wakeUp = new WakeUp();
  /** Ids of the jobs that run in this process, by queue. */
  private readonly underWay = new Map<string, Set<string>>();
  private readonly workers = new Set<JobWorker>();

  constructor(
    private readonly driver: SqlDriver,
    private readonly writer: SqlWriter,
  ) {
    super();
  }

  async enqueue(job: NewJob): Promise<'added' | 'known'> {
    const due = job.runAt === undefined ? Date.now() : Date.parse(job.runAt);
    const added = await this.writer.write('enqueue', [job.queue, job.id, JSON.stringify(job.data), due]);
    this.wakeUp.wake();
    return added === 1 ? 'added' : 'known';
  }

  async process(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: JobOptions,
  ): Promise<JobWorker> {
    if (!this.underWay.has(queue)) this.underWay.set(queue, new Set());
    await this.recover(queue);
    const stopping = new AbortController();
    const ended = this.run(queue, handler, options, stopping.signal);
    const worker: JobWorker = {
      stop: async () => {
        stopping.abort();
        await ended;
        this.workers.delete(worker);
      },
    };
    this.workers.add(worker);
    return worker;
  }

  async job(queue: string, id: string): Promise<Job | null> {
    const row = this.driver
      .prepare(`SELECT ${columns} FROM jobs WHERE queue = ? AND id = ?`)
      .get([queue, id]);
    return row ? jobOf(row) : null;
  }

  async retry(queue: string, id: string): Promise<boolean> {
    const retried = await this.writer.write('retry', [Date.now(), queue, id]);
    this.wakeUp.wake();
    return retried === 1;
  }

  async count(queue: string, state: Job['state']): Promise<number> {
    const row = this.driver.prepare('SELECT count(*) FROM jobs WHERE queue = ? AND state = ?');
    return row.get([queue, state])![0] as number;
  }

  async list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]> {
    return this.driver
      .prepare(`SELECT ${columns} FROM jobs WHERE queue = ? AND state = ? ORDER BY due, seq LIMIT ?`)
      .all([queue, state, limit])
      .map(jobOf);
  }

  /** Lets no worker begin another job. */
  async stop(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.stop()));
  }

  private async run(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: JobOptions,
    signal: AbortSignal,
  ): Promise<void> {
    let refused = false;
    while (!signal.aborted) {
      try {
        // A job whose begin was refused may be stored as running all the same.
        if (refused) await this.recover(queue);
        refused = false;
        const waitMs = await this.step(queue, handler, options, signal);
        if (waitMs > 0) await this.wakeUp.wait(signal, waitMs);
        else await new Promise(setImmediate);
      } catch {
        refused = true;
        await this.wakeUp.wait(signal, pollMs);
      }
    }
  }

  /** Makes jobs wait again that are stored as running and do not run here: this process is the only one that runs jobs. */
  private async recover(queue: string): Promise<void> {
    await this.writer.write('recover', [queue, JSON.stringify([...this.underWay.get(queue)!])]);
  }

  /** Runs the job that is due first. Resolves to how long to wait for the next, 0 when there may be another now. */
  private async step(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: JobOptions,
    signal: AbortSignal,
  ): Promise<number> {
    const row = this.driver
      .prepare(`SELECT ${columns} FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY due, seq LIMIT 1`)
      .get([queue]);
    if (!row) return pollMs;
    const waitMs = (row[6] as number) - Date.now();
    if (waitMs > 0) return Math.min(waitMs, pollMs);
    const waiting = jobOf(row);
    const { id, data } = waiting;
    const underWay = this.underWay.get(queue)!;
    // Another worker of this process has begun it, which the database may not show yet.
    if (underWay.has(id)) return 1;
    underWay.add(id);
    try {
      if ((await this.writer.write('begin', [queue, id])) === 0) return 0;
      const job: Job = { queue, id, data, state: 'running', attempts: waiting.attempts + 1 };
      const [state, due, reason] = await ending(job, handler, options);
      await writeJobEnd(
        () => this.writer.write('end', [state, due, reason, queue, id]),
        signal,
        (error) => options.failed?.(error, { id, step: 'end' }),
      );
    } finally {
      underWay.delete(id);
    }
    return 0;
  }
}

/** Runs the job. Resolves to its next state, when it may begin again or ended, and why it failed. */
async function ending(
  job: Job,
  handler: (job: Job) => Promise<void>,
  { attemptsMax, backoffMs, failed }: JobOptions,
): Promise<readonly [state: Job['state'], due: number, reason: SqlValue]> {
  try {
    await handler(job);
    return ['done', Date.now(), null];
  } catch (error) {
    failed?.(error, { id: job.id, step: 'run' });
    return [
      job.attempts >= attemptsMax ? 'parked' : 'waiting',
      Date.now() + jobBackoffMs(job.attempts, backoffMs),
      error instanceof Refusal ? error.code : 'FAILED',
    ];
  }
}

function jobOf(row: SqlRow): Job {
  const [queue, id, data, state, attempts, reason, due] = row as readonly [
    string,
    string,
    string,
    Job['state'],
    number,
    string | null,
    number,
  ];
  return {
    ...{ queue, id, data: JSON.parse(data) as object, state, attempts },
    ...(state === 'waiting' ? { runAt: new Date(due).toISOString() } : {}),
    ...(reason === null ? {} : { reason }),
  };
}

import { WakeUp, JobQueue, Refusal, type Job, type JobWorker, type NewJob } from '@readership/kernel';
import type { SqlDriver, SqlRow } from './sql-driver.js';
import type { SqlWriter } from './writer.js';

const pollMs = 250;
const backoffMaxMs = 24 * 60 * 60 * 1000;
const columns = 'queue, id, data, state, attempts, reason';

/** Jobs of one context in its database. */
export class SqliteJobQueue extends JobQueue {
  private readonly wakeUp = new WakeUp();
  private readonly recovered = new Map<string, Promise<unknown>>();
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
    options: { readonly attemptsMax: number; readonly backoffMs: number },
  ): Promise<JobWorker> {
    let recovered = this.recovered.get(queue);
    if (!recovered) this.recovered.set(queue, (recovered = this.writer.write('recover', [queue])));
    await recovered;
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

  async list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]> {
    return this.driver
      .prepare(`SELECT ${columns} FROM jobs WHERE queue = ? AND state = ? ORDER BY due, seq LIMIT ?`)
      .all([queue, state, limit])
      .map(jobOf);
  }

  /** Lets no worker begin anything any more. */
  async stop(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.stop()));
  }

  private async run(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: { readonly attemptsMax: number; readonly backoffMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        const waitMs = await this.step(queue, handler, options);
        if (waitMs > 0) await this.wakeUp.wait(signal, waitMs);
        else await new Promise(setImmediate);
      } catch {
        // The database refused: what was begun is begun again.
        await this.wakeUp.wait(signal, pollMs);
      }
    }
  }

  /** Runs the job that is due first; how long to wait for one, 0 when there may be another. */
  private async step(
    queue: string,
    handler: (job: Job) => Promise<void>,
    options: { readonly attemptsMax: number; readonly backoffMs: number },
  ): Promise<number> {
    const row = this.driver
      .prepare(
        `SELECT ${columns}, due FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY due, seq LIMIT 1`,
      )
      .get([queue]);
    if (!row) return pollMs;
    const waitMs = (row[6] as number) - Date.now();
    if (waitMs > 0) return Math.min(waitMs, pollMs);
    const waiting = jobOf(row);
    if ((await this.writer.write('begin', [queue, waiting.id])) === 0) return 0;
    const attempts = waiting.attempts + 1;
    try {
      await handler({ ...waiting, state: 'running', attempts });
    } catch (error) {
      const reason = error instanceof Refusal ? error.code : 'FAILED';
      const backoffMs = Math.min(options.backoffMs * 2 ** (attempts - 1), backoffMaxMs);
      const state = attempts >= options.attemptsMax ? 'parked' : 'waiting';
      await this.writer.write('end', [state, Date.now() + backoffMs, reason, queue, waiting.id]);
      return 0;
    }
    await this.writer.write('end', ['done', Date.now(), null, queue, waiting.id]);
    return 0;
  }
}

function jobOf(row: SqlRow): Job {
  const [queue, id, data, state, attempts, reason] = row as readonly [
    string,
    string,
    string,
    Job['state'],
    number,
    string | null,
  ];
  const job = { queue, id, data: JSON.parse(data) as object, state, attempts };
  return reason === null ? job : { ...job, reason };
}

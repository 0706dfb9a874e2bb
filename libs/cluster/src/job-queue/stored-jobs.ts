import { randomUUID } from 'node:crypto';
import type { Job, NewJob } from '@readership/kernel';
import { isDuplicate, type Collection, type Database } from '../mongo.js';

type JobDoc = {
  /** `<queue> <id>`, unique for ever. */
  readonly _id: string;
  readonly queue: string;
  readonly id: string;
  /** JSON text, so that the database does not interpret its keys. */
  readonly data: string;
  readonly state: Job['state'];
  readonly attempts: number;
  /** Milliseconds: when it may begin; while it runs, when its claim expires; afterwards, when it ended. */
  readonly due: number;
  /** The claim of its owner while it runs. */
  readonly claim?: string;
  readonly reason?: string;
};

/** A job that this worker owns until its claim expires. */
export interface Claimed {
  readonly job: Job;
  readonly claim: string;
}

/** A job that may begin from `due` on. */
export interface Due {
  readonly id: string;
  readonly due: number;
}

export type Ending =
  | { readonly state: 'done'; readonly due: number }
  | { readonly state: 'waiting' | 'parked'; readonly due: number; readonly reason: string };

/**
 * How many candidates in a row may be lost to other workers before a claim gives up. Each loss is another worker's
 * progress.
 */
const lostMax = 100;

/** Makes the indexes of `jobs` in a database. It may be repeated. */
export async function prepareJobQueue(database: Database): Promise<void> {
  await jobsOf(database).createIndex({ queue: 1, state: 1, due: 1, _id: 1 });
}

/** The stored jobs of one context, which are authoritative: a document each, changed by compare-and-set alone. */
export class StoredJobs {
  private readonly jobs: Collection<JobDoc>;

  constructor(database: Database) {
    this.jobs = jobsOf(database);
  }

  /** Resolves to false when a job of this id exists. */
  async insert({ queue, id, data }: NewJob, due: number): Promise<boolean> {
    try {
      await this.jobs.insertOne({
        _id: key(queue, id),
        queue,
        id,
        data: JSON.stringify(data),
        state: 'waiting',
        attempts: 0,
        due,
      });
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  async find(queue: string, id: string): Promise<Job | null> {
    const doc = await this.jobs.findOne({ _id: key(queue, id) });
    return doc ? jobOf(doc) : null;
  }

  async count(queue: string, state: Job['state']): Promise<number> {
    const [sum] = await this.jobs
      .aggregate<{ readonly count: number }>([{ $match: { queue, state } }, { $count: 'count' }])
      .toArray();
    return sum?.count ?? 0;
  }

  async list(queue: string, state: Job['state'], limit: number): Promise<readonly Job[]> {
    // The database takes a limit of 0 to mean no limit.
    if (limit < 1) return [];
    const docs = await this.jobs.find({ queue, state }).sort({ due: 1, _id: 1 }).limit(limit).toArray();
    return docs.map(jobOf);
  }

  /** The jobs that may begin at this time, the first due first: they wait, or their worker's claim has expired. */
  async due(queue: string, by: number, limit: number): Promise<readonly Due[]> {
    return this.jobs
      .find(claimable(queue, by))
      .project<Due>({ _id: 0, id: 1, due: 1 })
      .sort({ due: 1, _id: 1 })
      .limit(limit)
      .toArray();
  }

  /**
   * Claims the first due job; `null` when there is none. Of any number of workers one wins. A job that was begun
   * `beginsMax` times and never ended is parked instead.
   */
  async claim(
    queue: string,
    by: number,
    options: { readonly claimMs: number; readonly beginsMax: number },
  ): Promise<Claimed | null> {
    for (let lost = 0; lost < lostMax; lost++) {
      const [doc] = await this.jobs.find(claimable(queue, by)).sort({ due: 1, _id: 1 }).limit(1).toArray();
      if (!doc) return null;
      const { _id, state, attempts, due } = doc;
      // Servers that change a document in place can show it half changed: another worker is claiming it at this moment.
      if (due > by) continue;
      const unchanged = { _id, state, attempts, due };
      if (state === 'running' && attempts >= options.beginsMax) {
        const parked = { state: 'parked' as const, due: Date.now(), reason: 'NEVER_ENDED' };
        await this.jobs.updateOne(unchanged, { $set: parked, $unset: { claim: '' } });
        continue;
      }
      const claim = randomUUID();
      const ours = {
        state: 'running' as const,
        attempts: attempts + 1,
        claim,
        due: Date.now() + options.claimMs,
      };
      const { matchedCount } = await this.jobs.updateOne(unchanged, { $set: ours });
      if (matchedCount === 1) return { job: jobOf({ ...doc, ...ours }), claim };
    }
    return null;
  }

  /** Resolves to false when the claim was lost. */
  async renew(claimed: Claimed, due: number): Promise<boolean> {
    return (await this.jobs.updateOne(ours(claimed), { $set: { due } })).matchedCount === 1;
  }

  /** Resolves to false, and changes nothing, when the claim was lost. */
  async end(claimed: Claimed, ending: Ending): Promise<boolean> {
    const $unset =
      ending.state === 'done' ? { claim: '' as const, reason: '' as const } : { claim: '' as const };
    return (await this.jobs.updateOne(ours(claimed), { $set: ending, $unset })).matchedCount === 1;
  }

  /** Resolves to false when the job is not parked. */
  async retry(queue: string, id: string, due: number): Promise<boolean> {
    const parked = { _id: key(queue, id), state: 'parked' as const };
    const waiting = { state: 'waiting' as const, attempts: 0, due };
    return (await this.jobs.updateOne(parked, { $set: waiting })).matchedCount === 1;
  }
}

function jobsOf(database: Database): Collection<JobDoc> {
  return database.collection<JobDoc>('jobs');
}

/** Encoded, so that no two pairs of queue and id share a key. */
function key(queue: string, id: string): string {
  return `${encodeURIComponent(queue)} ${id}`;
}

function claimable(queue: string, by: number) {
  const states: JobDoc['state'][] = ['waiting', 'running'];
  return { queue, state: { $in: states }, due: { $lte: by } };
}

function ours({ job, claim }: Claimed) {
  return { _id: key(job.queue, job.id), state: 'running' as const, claim };
}

function jobOf({ queue, id, data, state, attempts, due, reason }: JobDoc): Job {
  return {
    ...{ queue, id, data: JSON.parse(data) as object, state, attempts },
    ...(state === 'waiting' ? { runAt: new Date(due).toISOString() } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

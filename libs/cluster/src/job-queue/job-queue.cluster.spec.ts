import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobQueue, NewJob } from '@readership/kernel';
import { jobQueueContract, runCase, type JobQueueFixture } from '@readership/kernel/testing';
import { createClient } from 'redis';
import { testServers } from '../../testing/test-servers.fixture.js';
import { type Database } from '../mongo.js';
import { connectWithinSubset } from '../../testing/subset-connection.fixture.js';
import { BullJobQueue, type BullJobQueueOptions } from './bull-job-queue.js';
import { prepareJobQueue } from './stored-jobs.js';
import { faultProxyTo } from '../../testing/fault-proxy.js';

const { mongodb, redis } = testServers();
const claimMs = 1500;
const sweepMs = 300;
const queue = 'letters';
const options = { attemptsMax: 3, backoffMs: 20 };
const awayUrl = 'redis://127.0.0.1:9';

/** One context's database and key prefix, opened by as many queues as a test needs. */
class Place {
  readonly id = `jobs-${randomUUID().slice(0, 8)}`;
  readonly options: BullJobQueueOptions = { redisUrl: redis, prefix: this.id, claimMs, sweepMs };
  readonly processes = new Set<ChildProcess>();
  private readonly opened = new Map<BullJobQueue, Database>();

  async open(more: Partial<BullJobQueueOptions> = {}, url = mongodb) {
    const database = await connectWithinSubset(url, this.id);
    await prepareJobQueue(database);
    const jobs = new BullJobQueue(database, { ...this.options, ...more });
    this.opened.set(jobs, database);
    return jobs;
  }

  /** Stops like a crash: waits for nothing under way, and lets nothing of it be written any more. */
  async abandon(jobs: BullJobQueue): Promise<void> {
    await jobs.close();
    await this.opened.get(jobs)?.close();
    this.opened.delete(jobs);
  }

  /** Deletes our keys alone, as FLUSHALL deletes all keys. */
  async emptyRedis(): Promise<number> {
    return withRedis(async (client) => {
      const keys = await client.keys(`${this.id}:*`);
      return keys.length === 0 ? 0 : client.del(keys);
    });
  }

  async keysInRedis(): Promise<number> {
    return withRedis(async (client) => (await client.keys(`${this.id}:*`)).length);
  }

  async amend(id: string, changes: object): Promise<void> {
    const database = await connectWithinSubset(mongodb, this.id);
    await database.collection('jobs').updateOne({ _id: `${queue} ${id}` }, { $set: changes });
    await database.close();
  }

  async remove(): Promise<void> {
    for (const child of this.processes) child.kill('SIGKILL');
    for (const jobs of [...this.opened.keys()]) await this.abandon(jobs);
    await this.emptyRedis();
    const database = await connectWithinSubset(mongodb, this.id);
    await database.collection('jobs').drop();
    await database.close();
  }
}

const toRedis = () => createClient({ url: redis });

async function withRedis<T>(use: (client: ReturnType<typeof toRedis>) => Promise<T>): Promise<T> {
  const client = toRedis();
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

async function fixture(): Promise<JobQueueFixture> {
  const place = new Place();
  const way = await faultProxyTo(mongodb);
  let jobs = await place.open({}, way.url);
  return {
    partitions: 1,
    takesWrites: (takes) => (takes ? way.mend() : way.cut()),
    get port() {
      return jobs;
    },
    reopen: async () => {
      await place.abandon(jobs);
      jobs = await place.open({}, way.url);
    },
    close: async () => {
      await place.remove();
      way.close();
    },
  };
}

async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(10);
  }
}

async function inTime(stop: Promise<void>): Promise<void> {
  expect(await Promise.race([stop.then(() => 'stopped'), pause(5000, 'still running', { ref: false })])).toBe(
    'stopped',
  );
}

const job = (id: string, more: Partial<NewJob> = {}): NewJob => ({ queue, id, data: { id }, ...more });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `job-${String(n).padStart(2, '0')}`);
const allDone = (jobs: JobQueue, count: number) =>
  until(
    `${count} are done`,
    async () => (await jobs.list(queue, 'done', count + 1)).length === count,
    20_000,
  );

/** A separate process that runs these lines of a module, with the variables `jobs` and `database`. */
function otherProgram(place: Place, lines: string): ChildProcess {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, [join(root, '../../node_modules/typescript/bin/tsc'), '-b'], { cwd: root });
  const program = `
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { BullJobQueue } from ${JSON.stringify(join(root, 'dist/job-queue/bull-job-queue.js'))};
import { connectMongo } from ${JSON.stringify(join(root, 'dist/mongo.js'))};
const database = await connectMongo(${JSON.stringify(mongodb)}, ${JSON.stringify(place.id)});
const open = () => new BullJobQueue(database, ${JSON.stringify(place.options)});
${lines}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  place.processes.add(child);
  return child;
}

/** A separate process that has begun a job. It stops and exits with 0 when the job has ended. */
async function otherProcess(place: Place, handled: string): Promise<ChildProcess> {
  const child = otherProgram(
    place,
    `const jobs = open();
const handler = async () => {
  writeSync(1, 'begun');
  void Promise.resolve().then(() => jobs.stop()).then(() => database.close());
  await ${handled};
};
await jobs.process(${JSON.stringify(queue)}, handler, { attemptsMax: 1, backoffMs: 1 });`,
  );
  await new Promise((resolve, reject) => {
    child.stdout!.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it began the job`)));
  });
  return child;
}

describe('the job queue', () => {
  for (const one of jobQueueContract) it(one.name, () => runCase(fixture, one));
});

describe('the job queue on Bull', () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  it('runs every waiting job once after Redis has lost them all', async () => {
    const jobs = await place.open();
    for (const id of ids(20)) await jobs.enqueue(job(id));
    await jobs.enqueue(job('later', { runAt: new Date(Date.now() + 1000).toISOString() }));
    await until('they are in Redis', async () => (await place.keysInRedis()) >= 21);
    await place.emptyRedis();
    const begun: string[] = [];
    await jobs.process(queue, async ({ id }) => void begun.push(id), options);
    await allDone(jobs, 21);
    expect(begun).toEqual([...ids(20), 'later']);
  });

  it('runs a job to its one end while Redis loses everything', async () => {
    const jobs = await place.open();
    for (const id of ids(5)) await jobs.enqueue(job(id));
    const begun: string[] = [];
    await jobs.process(
      queue,
      async ({ id }) => {
        begun.push(id);
        if (id === 'job-01') expect(await place.emptyRedis()).toBeGreaterThan(0);
        await pause(50);
      },
      options,
    );
    await allDone(jobs, 5);
    await jobs.enqueue(job('after'));
    await allDone(jobs, 6);
    expect(begun).toEqual([...ids(5), 'after']);
  });

  it('lets another process run the job of a killed one, and not that of one alive', async () => {
    const jobs = await place.open();
    await jobs.enqueue(job('a'));
    const other = await otherProcess(place, 'new Promise(() => undefined)');
    const ran: Job[] = [];
    await jobs.process(queue, async (it) => void ran.push(it), options);
    await pause(claimMs + 2 * sweepMs);
    expect(ran).toEqual([]);
    other.kill('SIGKILL');
    await allDone(jobs, 1);
    expect(ran.map(({ id, attempts }) => [id, attempts])).toEqual([['a', 2]]);
  });

  it('records one end of a job that ran twice because its first process stood still', async () => {
    const jobs = await place.open();
    await jobs.enqueue(job('a'));
    const other = await otherProcess(place, 'setTimeout(100).then(() => Promise.reject(new Error("late")))');
    other.kill('SIGSTOP');
    await jobs.process(queue, async () => undefined, options);
    await allDone(jobs, 1);
    const ended = new Promise((resolve) => other.on('close', resolve));
    other.kill('SIGCONT');
    expect(await ended).toBe(0);
    expect(await jobs.job(queue, 'a')).toEqual({
      queue,
      id: 'a',
      data: { id: 'a' },
      state: 'done',
      attempts: 2,
    });
  });

  it('may be stopped at any moment after it began, and the process goes on', async () => {
    await place.open();
    const child = otherProgram(
      place,
      `for (let ms = 0; ms < 15; ms++) {
  const jobs = open();
  await jobs.process(${JSON.stringify(queue)}, async () => undefined, { attemptsMax: 1, backoffMs: 1 });
  await setTimeout(ms);
  await jobs.stop();
}
await setTimeout(300);
await database.close();`,
    );
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  });

  it('parks a job that was begun many times and never ended', async () => {
    const jobs = await place.open();
    await jobs.enqueue(job('a'));
    await place.amend('a', { state: 'running', attempts: 13, claim: 'gone', due: Date.now() - 1 });
    await jobs.process(queue, async () => undefined, options);
    await until('it is parked', async () => (await jobs.job(queue, 'a'))?.state === 'parked');
    expect(await jobs.job(queue, 'a')).toMatchObject({ attempts: 13, reason: 'NEVER_ENDED' });
    expect(await jobs.retry(queue, 'a')).toBe(true);
    await allDone(jobs, 1);
  });

  it('spreads jobs over workers, and each runs once', async () => {
    const workers = await Promise.all([place.open(), place.open(), place.open()]);
    const begun: string[][] = [[], [], []];
    for (const [n, jobs] of workers.entries())
      await jobs.process(
        queue,
        async ({ id }) => {
          begun[n]!.push(id);
          await pause(10);
        },
        options,
      );
    for (const id of ids(60)) await workers[0]!.enqueue(job(id));
    await allDone(workers[0]!, 60);
    expect(begun.flat().sort()).toEqual(ids(60).sort());
    expect(begun.every((mine) => mine.length > 0)).toBe(true);
    await until('Redis keeps nothing of them', async () => (await place.keysInRedis()) <= 5);
  });

  it('wakes a worker at once, long before its sweep', async () => {
    const jobs = await place.open({ sweepMs: 30_000 });
    await jobs.process(queue, async () => undefined, options);
    await pause(300);
    await jobs.enqueue(job('a'));
    await until('it is done', async () => (await jobs.job(queue, 'a'))?.state === 'done', 1000);
    await jobs.enqueue(job('b', { runAt: new Date(Date.now() + 500).toISOString() }));
    await until('it is done', async () => (await jobs.job(queue, 'b'))?.state === 'done', 2000);
  });

  it('takes and runs jobs while Redis is away', async () => {
    const jobs = await place.open({ redisUrl: awayUrl });
    const started = performance.now();
    expect(await jobs.enqueue(job('a'))).toBe('added');
    expect(await jobs.enqueue(job('a'))).toBe('known');
    expect(performance.now() - started).toBeLessThan(1000);
    let failures = 0;
    const worker = await jobs.process(
      queue,
      async ({ id }) => {
        if (id === 'b' && failures++ === 0) throw new Error('once');
      },
      options,
    );
    for (const id of ['b', 'c']) await jobs.enqueue(job(id));
    await allDone(jobs, 3);
    expect(failures).toBe(2);
    await inTime(worker.stop());
    await inTime(jobs.stop());
  });

  it('goes on while the way to Redis is cut or silent, and when it is open again', async () => {
    const way = await faultProxyTo(redis);
    try {
      const jobs = await place.open({ redisUrl: way.url });
      const begun: string[] = [];
      await jobs.process(queue, async ({ id }) => void begun.push(id), options);
      await jobs.enqueue(job('open'));
      await allDone(jobs, 1);
      way.cut();
      await jobs.enqueue(job('cut'));
      await allDone(jobs, 2);
      way.mend();
      await jobs.enqueue(job('mended'));
      await allDone(jobs, 3);
      way.silence();
      const asked = performance.now();
      await jobs.enqueue(job('silent'));
      expect(performance.now() - asked).toBeLessThan(1000);
      await allDone(jobs, 4);
      way.mend();
      await jobs.enqueue(job('again'));
      await allDone(jobs, 5);
      expect(begun).toEqual(['open', 'cut', 'mended', 'silent', 'again']);
      await inTime(jobs.stop());
    } finally {
      way.close();
    }
  });

  it('stops in time with a job under way while Redis is away', async () => {
    const jobs = await place.open({ redisUrl: awayUrl });
    await jobs.enqueue(job('a'));
    let ended = false;
    await jobs.process(
      queue,
      async () => {
        await pause(500);
        ended = true;
      },
      options,
    );
    await until('it runs', async () => (await jobs.job(queue, 'a'))?.state === 'running');
    await inTime(jobs.stop());
    expect(ended).toBe(true);
    expect((await jobs.job(queue, 'a'))?.state).toBe('done');
  });
});

import assert from 'node:assert/strict';
import {
  jobBackoffMaxMs,
  type Job,
  type JobFailed,
  type JobQueue,
  type JobWorker,
  type NewJob,
} from '../ports/job-queue.js';
import { Refusal } from '../refusal.js';
import { Unavailable } from '../unavailable.js';
import { pause, until, within, type ContractCase, type Fixture } from './contract.js';

export interface JobQueueFixture extends Fixture<JobQueue> {
  /** Makes the store accept or reject writes from now on. While it rejects them, reads may fail as well. */
  takesWrites(takes: boolean): void;
}

type Case = ContractCase<JobQueueFixture>;

const queue = 'letters';
const options = { attemptsMax: 3, backoffMs: 20 };
/** An adapter must notice within this time that its store is unavailable or available again. */
const awayMs = 8_000;

const job = (id: string, more: Partial<NewJob> = {}): NewJob => ({ queue, id, data: { id }, ...more });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const never = () => new Promise<void>(() => undefined);
const stopped = (worker: JobWorker) => within('stop', worker.stop());

const becomes = (port: JobQueue, id: string, state: Job['state'], ms?: number) =>
  until(`${id} is ${state}`, async () => (await found(port, id))?.state === state, ms);

/** `null` also while a store that was away has not been noticed again: a question may be refused until then. */
async function found(port: JobQueue, id: string): Promise<Job | null> {
  try {
    return await port.job(queue, id);
  } catch (error) {
    if (error instanceof Unavailable) return null;
    throw error;
  }
}

export const jobQueueContract: readonly Case[] = [
  {
    name: 'an enqueued job runs once and is done',
    async run({ port }) {
      assert.equal(await port.job(queue, 'a'), null);
      assert.equal(await port.enqueue(job('a', { data: { text: 'Ünï 😀', n: [1, null] } })), 'added');
      assert.deepEqual(await port.job(queue, 'a').then((it) => [it?.state, it?.attempts]), ['waiting', 0]);
      const begun: Job[] = [];
      const worker = await port.process(queue, async (it) => void begun.push(it), options);
      await becomes(port, 'a', 'done');
      await port.enqueue(job('b'));
      await becomes(port, 'b', 'done');
      await stopped(worker);
      assert.deepEqual(
        begun.map(({ id }) => id),
        ['a', 'b'],
      );
      assert.deepEqual(begun[0]!.data, { text: 'Ünï 😀', n: [1, null] });
      assert.deepEqual([begun[0]!.queue, begun[0]!.attempts, begun[0]!.state], [queue, 1, 'running']);
    },
  },
  {
    name: 'the same id again is the same job for ever and changes nothing',
    async run(fixture) {
      assert.equal(await fixture.port.enqueue(job('a', { data: { n: 1 } })), 'added');
      assert.equal(await fixture.port.enqueue(job('a', { data: { n: 2 }, runAt: inMs(60_000) })), 'known');
      assert.equal(await fixture.port.enqueue({ ...job('a'), queue: 'other' }), 'added');
      await fixture.reopen();
      const begun: object[] = [];
      const worker = await fixture.port.process(queue, async (it) => void begun.push(it.data), options);
      await becomes(fixture.port, 'a', 'done');
      assert.equal(await fixture.port.enqueue(job('a', { data: { n: 3 } })), 'known');
      await pause(60);
      await stopped(worker);
      assert.deepEqual(begun, [{ n: 1 }]);
      assert.equal((await fixture.port.job('other', 'a'))?.state, 'waiting');
      await fixture.reopen();
      assert.equal(await fixture.port.enqueue(job('a')), 'known');
    },
  },
  {
    name: 'a job enqueued many times at once is added once',
    async run({ port }) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => port.enqueue(job('a'))));
      assert.equal(answers.filter((answer) => answer === 'added').length, 1);
      assert.equal((await port.list(queue, 'waiting', 10)).length, 1);
    },
  },
  {
    name: 'an enqueued job is durable',
    async run(fixture) {
      await fixture.port.enqueue(job('a', { data: { n: 1 } }));
      await fixture.reopen();
      assert.deepEqual((await fixture.port.job(queue, 'a'))?.data, { n: 1 });
      const worker = await fixture.port.process(queue, async () => undefined, options);
      await becomes(fixture.port, 'a', 'done');
      await stopped(worker);
      await fixture.reopen();
      assert.equal((await fixture.port.job(queue, 'a'))?.state, 'done');
    },
  },
  {
    name: 'a job begins at or after its runAt',
    async run({ port }) {
      const runAt = inMs(250);
      await port.enqueue(job('later', { runAt }));
      await port.enqueue(job('now'));
      const begun = new Map<string, number>();
      const worker = await port.process(queue, async ({ id }) => void begun.set(id, Date.now()), options);
      await becomes(port, 'now', 'done');
      await becomes(port, 'later', 'done');
      await stopped(worker);
      assert.ok(begun.get('later')! >= Date.parse(runAt), 'not before');
    },
  },
  {
    name: 'a job under way in a crash is begun again',
    async run(fixture) {
      await fixture.port.enqueue(job('a'));
      let begun = 0;
      await fixture.port.process(queue, () => (begun++, never()), options);
      await until('it is begun', () => begun === 1);
      await fixture.reopen();
      const attempts: number[] = [];
      const worker = await fixture.port.process(
        queue,
        async (it) => void attempts.push(it.attempts),
        options,
      );
      await becomes(fixture.port, 'a', 'done', 15_000);
      await stopped(worker);
      assert.deepEqual(attempts, [2]);
    },
  },
  {
    name: 'one whose handler throws is begun again, later each time, at most attemptsMax times, then parked',
    async run({ port }) {
      await port.enqueue(job('a'));
      await port.enqueue(job('b'));
      const begun: { readonly attempt: number; readonly at: number }[] = [];
      const fail = async ({ id, attempts }: Job) => {
        if (id !== 'a') return;
        begun.push({ attempt: attempts, at: performance.now() });
        throw new Refusal('NO_PAPER', 'not-yet', 'Zuleikha has no paper.');
      };
      const worker = await port.process(queue, fail, { attemptsMax: 4, backoffMs: 40 });
      await until(
        'it ended',
        async () => ['parked', 'done'].includes((await port.job(queue, 'a'))!.state),
        15_000,
      );
      assert.equal((await port.job(queue, 'a'))?.state, 'parked');
      await pause(150);
      await stopped(worker);
      assert.deepEqual(
        begun.map(({ attempt }) => attempt),
        [1, 2, 3, 4],
      );
      const gaps = begun.slice(1).map(({ at }, i) => at - begun[i]!.at);
      // Clocks round, so a pause may look a few milliseconds shorter than it was.
      assert.ok(
        gaps.every((gap, i) => gap >= 40 * 2 ** i - 5),
        `later each time: ${gaps.join(' ')} ms`,
      );
      const parked = await port.job(queue, 'a');
      assert.deepEqual([parked?.attempts, parked?.reason], [4, 'NO_PAPER']);
      assert.equal((await port.job(queue, 'b'))?.state, 'done', 'others go on');
    },
  },
  {
    name: 'a retry waits for 30 seconds at most, however often the job failed',
    async run({ port }) {
      await port.enqueue(job('a'));
      let begun = 0;
      const fail = async () => {
        begun++;
        throw new Error('not yet');
      };
      const worker = await port.process(queue, fail, { attemptsMax: 100, backoffMs: 24 * 60 * 60 * 1000 });
      await until('it waits again', async () => {
        const { attempts, state } = (await port.job(queue, 'a'))!;
        return attempts === 1 && state === 'waiting';
      });
      const runAt = Date.parse((await port.job(queue, 'a'))?.runAt ?? '');
      const latest = Date.now() + jobBackoffMaxMs;
      await stopped(worker);
      assert.equal(begun, 1);
      assert.ok(runAt <= latest, `it may begin again at ${new Date(runAt).toISOString()}`);
    },
  },
  {
    name: 'a job whose end the store did not take ends once the store takes writes again, without a restart',
    async run(fixture) {
      const { port } = fixture;
      for (const id of ['done', 'failing', 'after']) await port.enqueue(job(id));
      const told: string[] = [];
      const begun = new Map<string, number>();
      const handler = async ({ id }: Job) => {
        const before = begun.get(id) ?? 0;
        begun.set(id, before + 1);
        if (before === 0 && id !== 'after') fixture.takesWrites(false);
        if (id === 'failing' && before === 0) throw new Error('once');
      };
      const failed: JobFailed = (_, { id, step }) => void told.push(`${id} ${step}`);
      const worker = await port.process(queue, handler, { ...options, failed });
      try {
        for (const id of ['done', 'failing']) {
          await until(`it is told that ${id} cannot end`, () => told.includes(`${id} end`), awayMs);
          fixture.takesWrites(true);
          await becomes(port, id, 'done', awayMs);
        }
        await becomes(port, 'after', 'done', awayMs);
        await stopped(worker);
      } finally {
        fixture.takesWrites(true);
      }
      assert.equal(told.filter((step) => step === 'failing run').length, 1, 'what a handler threw is told');
    },
  },
  {
    name: 'a worker stops while the store does not take the end of a job, and the next one ends the job',
    async run(fixture) {
      const { port } = fixture;
      await port.enqueue(job('a'));
      let cannotEnd = false;
      const failed = () => void (cannotEnd = true);
      let begun = 0;
      const handler = async () => {
        if (++begun === 1) fixture.takesWrites(false);
      };
      const first = await port.process(queue, handler, { ...options, failed });
      try {
        await until('its end is refused', () => cannotEnd, awayMs);
        await within('stop', first.stop(), 25_000);
      } finally {
        fixture.takesWrites(true);
      }
      const next = await port.process(queue, handler, options);
      await becomes(port, 'a', 'done', awayMs);
      await stopped(next);
    },
  },
  {
    name: 'the reason of a failure is a code, never what the error says',
    async run({ port }) {
      await port.enqueue(job('a'));
      const fail = async () => {
        throw new Error('Zuleikha has no paper');
      };
      const worker = await port.process(queue, fail, { attemptsMax: 1, backoffMs: 1 });
      await becomes(port, 'a', 'parked');
      await stopped(worker);
      assert.match((await port.job(queue, 'a'))?.reason ?? '', /^[A-Z][A-Z0-9_]*$/);
    },
  },
  {
    name: 'a parked job stays parked until it is retried, and then begins from attempt 0',
    async run(fixture) {
      await fixture.port.enqueue(job('a'));
      const begun: number[] = [];
      let broken = true;
      const handler = async ({ attempts }: Job) => {
        begun.push(attempts);
        if (broken) throw new Error('broken');
      };
      let worker = await fixture.port.process(queue, handler, { attemptsMax: 2, backoffMs: 5 });
      await becomes(fixture.port, 'a', 'parked');
      await stopped(worker);
      await fixture.reopen();
      worker = await fixture.port.process(queue, handler, { attemptsMax: 2, backoffMs: 5 });
      assert.equal(await fixture.port.enqueue(job('a')), 'known');
      await pause(150);
      assert.deepEqual(begun, [1, 2], 'a parked job does not run');
      assert.equal((await fixture.port.job(queue, 'a'))?.state, 'parked');
      broken = false;
      assert.equal(await fixture.port.retry(queue, 'a'), true);
      await becomes(fixture.port, 'a', 'done');
      await stopped(worker);
      assert.deepEqual(begun, [1, 2, 1]);
    },
  },
  {
    name: 'retry is false when the job is not parked',
    async run({ port }) {
      assert.equal(await port.retry(queue, 'none'), false);
      await port.enqueue(job('a'));
      assert.equal(await port.retry(queue, 'a'), false);
      const worker = await port.process(queue, async () => undefined, options);
      await becomes(port, 'a', 'done');
      await stopped(worker);
      assert.equal(await port.retry(queue, 'a'), false);
    },
  },
  {
    name: 'of one queue a worker runs one job at a time, the one due first',
    async run({ port }) {
      const ids = ['third', 'first', 'second'];
      const due: Record<string, number> = { first: -3000, second: -2000, third: -1000 };
      for (const id of ids) await port.enqueue(job(id, { runAt: inMs(due[id]!) }));
      await port.enqueue({ ...job('elsewhere'), queue: 'other' });
      const begun: string[] = [];
      let running = 0;
      const worker = await port.process(
        queue,
        async ({ id }) => {
          assert.equal(++running, 1, 'one at a time');
          begun.push(id);
          await pause(10);
          running--;
        },
        options,
      );
      for (const id of ids) await becomes(port, id, 'done');
      await stopped(worker);
      assert.deepEqual(begun, ['first', 'second', 'third']);
    },
  },
  {
    name: 'stop resolves when the job under way has ended and no other will begin',
    async run({ port }) {
      for (const id of ['a', 'b', 'c']) await port.enqueue(job(id));
      const begun: string[] = [];
      let ended = 0;
      const handler = async ({ id }: Job) => {
        begun.push(id);
        await pause(50);
        ended++;
      };
      const worker = await port.process(queue, handler, options);
      await until('one is begun', () => begun.length > 0);
      await stopped(worker);
      assert.equal(ended, begun.length);
      assert.equal((await port.job(queue, begun[0]!))?.state, 'done');
      await pause(100);
      assert.deepEqual(begun.length, ended);
      assert.ok(ended < 3);
    },
  },
  {
    name: 'list gives the jobs of a queue in a state, at most the limit',
    async run(fixture) {
      for (const id of ['a', 'b', 'c']) await fixture.port.enqueue(job(id, { runAt: inMs(60_000) }));
      await fixture.port.enqueue({ ...job('d'), queue: 'other' });
      await fixture.reopen();
      const waiting = await fixture.port.list(queue, 'waiting', 10);
      assert.deepEqual(waiting.map(({ id }) => id).sort(), ['a', 'b', 'c']);
      assert.deepEqual(waiting.find(({ id }) => id === 'a')?.data, { id: 'a' });
      assert.equal((await fixture.port.list(queue, 'waiting', 2)).length, 2);
      const counted = (['waiting', 'running', 'done', 'parked'] as const).map((state) =>
        fixture.port.count(queue, state),
      );
      assert.deepEqual(await Promise.all(counted), [3, 0, 0, 0], 'and count says how many');
      assert.deepEqual(await fixture.port.list(queue, 'done', 10), []);
    },
  },
];

import type { JobQueue } from '../ports/job-queue.js';
import { around, type Saboteur } from './contract.js';

type JobQueueSaboteur = Saboteur<JobQueue>;

const simple = (
  name: string,
  breaks: string,
  replaced: (jobs: JobQueue) => Partial<JobQueue>,
): JobQueueSaboteur => ({
  name,
  breaks,
  begin: () => (jobs) => around(jobs, replaced(jobs)),
});

const failing =
  'one whose handler throws is begun again, later each time, at most attemptsMax times, then parked';

const unwritten =
  'a job whose end the store did not take ends once the store takes writes again, without a restart';

/** Wrappers that each break one guarantee of a correct job queue. */
export const jobQueueSaboteurs: readonly JobQueueSaboteur[] = [
  {
    name: 'forgets jobs when it is opened again',
    breaks: 'an enqueued job is durable',
    begin: () => {
      let openings = 0;
      return (jobs) =>
        ++openings === 1 ? jobs : around(jobs, { job: async () => null, list: async () => [] });
    },
  },
  simple(
    'runs a parked job',
    'a parked job stays parked until it is retried, and then begins from attempt 0',
    (jobs) => ({
      process: async (queue, ...rest) => {
        for (const { id } of await jobs.list(queue, 'parked', 100)) await jobs.retry(queue, id);
        return jobs.process(queue, ...rest);
      },
    }),
  ),
  simple('adds twice', 'the same id again is the same job for ever and changes nothing', (jobs) => ({
    enqueue: async (job) => {
      const outcome = await jobs.enqueue(job);
      if (outcome === 'known')
        await jobs.enqueue({ queue: job.queue, id: `${job.id} again`, data: job.data });
      return outcome;
    },
  })),
  simple('begins before it is due', 'a job begins at or after its runAt', (jobs) => ({
    enqueue: ({ queue, id, data }) => jobs.enqueue({ queue, id, data }),
  })),
  simple('takes a failed job for done', failing, (jobs) => ({
    process: (queue, handler, options) =>
      jobs.process(queue, (job) => handler(job).catch(() => undefined), options),
  })),
  simple('tries again without a pause', failing, (jobs) => ({
    process: (queue, handler, options) =>
      jobs.process(
        queue,
        async (job) => {
          for (let attempts = 1; attempts < options.attemptsMax; attempts++) {
            try {
              return await handler({ ...job, attempts });
            } catch {
              // Back to the default: immediately.
            }
          }
          return handler({ ...job, attempts: options.attemptsMax });
        },
        { ...options, attemptsMax: 1 },
      ),
  })),
  simple('tries once more than it may', failing, (jobs) => ({
    process: (queue, handler, options) =>
      jobs.process(queue, handler, { ...options, attemptsMax: options.attemptsMax + 1 }),
  })),
  simple(
    'waits twice as long each time, without an end',
    'a retry waits for 30 seconds at most, however often the job failed',
    (jobs) => {
      let backoffMs = 0;
      return {
        process: (queue, handler, options) => {
          ({ backoffMs } = options);
          return jobs.process(queue, handler, options);
        },
        job: async (queue, id) => {
          const job = await jobs.job(queue, id);
          if (job?.runAt === undefined || job.attempts === 0) return job;
          return {
            ...job,
            runAt: new Date(Date.now() + backoffMs * 2 ** (job.attempts - 1)).toISOString(),
          };
        },
      };
    },
  ),
  simple('leaves a job running whose end was refused once', unwritten, (jobs) => {
    const stuck = new Set<string>();
    return {
      process: (queue, handler, options) =>
        jobs.process(queue, handler, {
          ...options,
          failed: (error, where) => {
            if (where.step === 'end') stuck.add(where.id);
            options.failed?.(error, where);
          },
        }),
      job: async (queue, id) => {
        const job = await jobs.job(queue, id);
        return job && stuck.has(id) ? { ...job, state: 'running' } : job;
      },
    };
  }),
  simple('says nothing of an end that was refused', unwritten, (jobs) => ({
    process: (queue, handler, { attemptsMax, backoffMs }) =>
      jobs.process(queue, handler, { attemptsMax, backoffMs }),
  })),
  simple(
    'forgets a job whose worker stopped before its end was taken',
    'a worker stops while the store does not take the end of a job, and the next one ends the job',
    (jobs) => {
      let workers = 0;
      return {
        process: async (queue, handler, options) =>
          ++workers === 1 ? jobs.process(queue, handler, options) : { stop: async () => undefined },
      };
    },
  ),
  simple(
    'stops without waiting',
    'stop resolves when the job under way has ended and no other will begin',
    (jobs) => ({
      process: async (...args) => {
        const worker = await jobs.process(...args);
        return { stop: async () => void worker.stop() };
      },
    }),
  ),
  simple(
    'runs all that is due side by side',
    'of one queue a worker runs one job at a time, the one due first',
    (jobs) => ({
      process: (queue, handler, options) =>
        jobs.process(
          queue,
          async (job) => {
            void handler(job).catch(() => undefined);
          },
          options,
        ),
    }),
  ),
  simple(
    'lists more than was asked',
    'list gives the jobs of a queue in a state, at most the limit',
    (jobs) => ({
      list: (queue, state, limit) => jobs.list(queue, state, limit + 1),
    }),
  ),
  simple(
    'counts the jobs of a queue in every state',
    'list gives the jobs of a queue in a state, at most the limit',
    (jobs) => ({ count: (queue) => jobs.count(queue, 'waiting') }),
  ),
];

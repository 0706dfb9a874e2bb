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
              // At once again.
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
];

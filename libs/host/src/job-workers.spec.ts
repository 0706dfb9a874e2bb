import type { Logger } from '@nestjs/common';
import { Refusal, Stale, Unavailable, type JobFailed, type JobQueue } from '@readership/kernel';
import type { BatchPriority } from './batch-priority.js';
import { ExpectedRetries } from './expected-retries.js';
import { JobWorkers } from './job-workers.js';

let failed: JobFailed;
const queue = {
  process: async (...[, , options]: Parameters<JobQueue['process']>) => {
    failed = options.failed!;
    return { stop: async () => undefined };
  },
} as Partial<JobQueue> as JobQueue;

let warnings: string[];
let retries: ExpectedRetries;
let workers: JobWorkers;

beforeEach(async () => {
  warnings = [];
  retries = new ExpectedRetries();
  const logger = { warn: (what: string) => void warnings.push(what) } as Logger;
  const handlers = [{ queue: 'moves', handle: async () => undefined }];
  workers = new JobWorkers(queue, handlers, {} as BatchPriority, retries, logger);
  await workers.start();
});

const expected = async () =>
  (await retries.counter.get()).values.map(({ labels, value }) => [labels['reason'], value]);

it('a failure of a job that is part of normal work is counted and not logged', async () => {
  failed(new Unavailable('BUSY', 'too much waits for its order'), { id: '1', step: 'run' });
  failed(new Refusal('BUSY', 'not-yet', 'Others are changing the same record.'), { id: '1', step: 'run' });
  failed(new Stale('moves.v1/0'), { id: '1', step: 'run' });
  failed(new Unavailable('BUSY', 'too much waits for its order'), { id: '1', step: 'end' });
  expect(warnings).toEqual([]);
  expect(await expected()).toEqual([
    ['busy', 3],
    ['stale-commit', 1],
  ]);
  expect([...workers.allFailures()]).toEqual([
    { queue: 'moves', step: 'run', times: 3 },
    { queue: 'moves', step: 'end', times: 1 },
  ]);
});

it('any other failure of a job is logged', async () => {
  failed(new Unavailable('STORE_UNAVAILABLE', 'gone'), { id: '1', step: 'end' });
  failed(new Error('unknown'), { id: '1', step: 'run' });
  expect(warnings).toEqual([
    'storing the outcome of a job of moves failed, retrying',
    'a job of moves failed, retrying',
  ]);
  expect(await expected()).toEqual([]);
});

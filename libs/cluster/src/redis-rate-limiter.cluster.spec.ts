import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { testServers } from '../testing/test-servers.fixture.js';
import { redisRateLimiter, type RedisRateLimiter } from './redis-rate-limiter.js';
import { faultProxyTo, type FaultProxy } from '../testing/fault-proxy.js';

const { redis } = testServers();
let prefix: string;
let proxy: FaultProxy;
const opened: RedisRateLimiter[] = [];

beforeEach(async () => {
  prefix = `rate-${randomUUID().slice(0, 8)}`;
  proxy = await faultProxyTo(redis);
});
afterEach(() => {
  for (const limiter of opened.splice(0)) limiter.close();
  proxy.close();
});

async function open(points: number, url = redis): Promise<RedisRateLimiter> {
  const limiter = await redisRateLimiter(url, points, prefix);
  opened.push(limiter);
  return limiter;
}

/** The number of concurrent requests that pass. Fails when one rejects with anything but the limit. */
async function passed(
  limiters: readonly RedisRateLimiter[],
  requests: number,
  key = 'admin',
): Promise<number> {
  const answers = await Promise.allSettled(
    Array.from({ length: requests }, (_, n) => limiters[n % limiters.length]!.consume(key)),
  );
  for (const answer of answers)
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ remainingPoints: 0 });
  return answers.filter(({ status }) => status === 'fulfilled').length;
}

it('lets two replicas share one budget per key and second', async () => {
  const both = [await open(10), await open(10)];
  expect(await passed(both, 30)).toBe(10);
  expect(await passed(both, 5)).toBe(0);
  expect(await passed(both, 5, 'another')).toBe(5);
  await pause(1100);
  expect(await passed(both, 30)).toBe(10);
});

it('tells how much is left of the shared budget, and for how long', async () => {
  const both = [await open(10), await open(10)];
  await both[0]!.consume('admin');
  const state = await both[1]!.consume('admin');
  expect(state.remainingPoints).toBe(8);
  expect(state.msBeforeNext).toBeGreaterThan(0);
  expect(state.msBeforeNext).toBeLessThanOrEqual(1000);
});

it('counts in the process, at once, while Redis is away from the start', async () => {
  const limiter = await open(10, 'redis://127.0.0.1:9');
  const asked = performance.now();
  expect(await passed([limiter], 30)).toBe(10);
  expect(performance.now() - asked).toBeLessThan(5_000);
});

it('counts in the process while Redis is cut off, and shares again when it is back', async () => {
  const both = [await open(10, proxy.url), await open(10, proxy.url)];
  expect(await passed(both, 30)).toBe(10);
  proxy.cut();
  await pause(100);
  expect(await passed(both, 40, 'another')).toBe(20);
  proxy.mend();
  await pause(3000);
  expect(await passed(both, 30)).toBe(10);
});

it('holds no request up for long while Redis is silent', async () => {
  const limiter = await open(1000, proxy.url);
  expect(await passed([limiter], 10)).toBe(10);
  proxy.silence();
  const asked = performance.now();
  expect(await passed([limiter], 500)).toBe(500);
  expect(performance.now() - asked).toBeLessThan(1500);
  await pause(3000);
  const again = performance.now();
  expect(await passed([limiter], 100)).toBe(100);
  expect(performance.now() - again).toBeLessThan(150);
});

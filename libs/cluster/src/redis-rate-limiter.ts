import {
  RateLimiterMemory,
  RateLimiterRedis,
  RLWrapperTimeouts,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { createClient } from 'redis';

/** Counts requests per key for all processes of a prefix. */
export interface RedisRateLimiter {
  /** Rejects with a `RateLimiterRes` when the key has used up this second's points, and with nothing else. */
  consume(key: string): Promise<RateLimiterRes>;
  close(): void;
}

const connectMs = 1000;
const answerMs = 250;
/** Requests that wait for an answer at once; what is more is counted here, and the silent connection times out. */
const waitingMax = 256;
const reconnectMaxMs = 2000;

/**
 * A limiter whose count is in Redis under `prefix`. While Redis is away or silent each process counts for itself, so a
 * request is neither refused nor held up for it. Resolves when Redis is connected, or a second later without it.
 */
export async function redisRateLimiter(
  redisUrl: string,
  pointsPerSecond: number,
  prefix: string,
): Promise<RedisRateLimiter> {
  const client = createClient({
    url: redisUrl,
    disableOfflineQueue: true,
    commandsQueueMaxLength: waitingMax,
    pingInterval: 1000,
    socket: {
      connectTimeout: 2000,
      socketTimeout: 2000,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), reconnectMaxMs),
    },
  });
  // Heard, since an error that nobody hears ends the process; the client reconnects.
  client.on('error', () => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, connectMs)));
  await Promise.race([client.connect().catch(() => undefined), late]);
  clearTimeout(timer);

  const budget = { points: pointsPerSecond, duration: 1, keyPrefix: prefix };
  const limiter = new RLWrapperTimeouts({
    limiter: new RateLimiterRedis({
      ...budget,
      storeClient: client,
      useRedisPackage: true,
      rejectIfRedisNotReady: true,
      // A key that has used up its second costs Redis nothing more.
      inMemoryBlockOnConsumed: pointsPerSecond + 1,
    }),
    timeoutMs: answerMs,
    // Of the outer one alone: a request that timed out is counted here once.
    insuranceLimiter: new RateLimiterMemory(budget),
  });
  return {
    consume: (key) => limiter.consume(key),
    close: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

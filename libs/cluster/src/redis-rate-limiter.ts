import {
  RateLimiterMemory,
  RateLimiterRedis,
  RLWrapperTimeouts,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { createClient } from 'redis';

/** Counts requests per key for all processes with the same prefix. */
export interface RedisRateLimiter {
  /** Rejects with a `RateLimiterRes` when the key has used this second's points, and with nothing else. */
  consume(key: string): Promise<RateLimiterRes>;
  close(): void;
}

const connectMs = 1000;
const answerMs = 250;
/** The most requests that wait for Redis. Further ones are counted in this process, and a silent connection times out. */
const waitingMax = 256;
const reconnectMaxMs = 2000;

/**
 * A limiter that counts in Redis under `prefix`. While Redis is unavailable or silent, each process counts by itself,
 * so that no request is refused or delayed because of it. Resolves when Redis is connected, or a second later without
 * it.
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
  // Handled, because an unhandled error event ends the process. The client reconnects.
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
      // A key over its limit causes no more requests to Redis in that second.
      inMemoryBlockOnConsumed: pointsPerSecond + 1,
    }),
    timeoutMs: answerMs,
    // Only on the outer limiter, so that a request that timed out is counted here once.
    insuranceLimiter: new RateLimiterMemory(budget),
  });
  return {
    consume: (key) => limiter.consume(key),
    close: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

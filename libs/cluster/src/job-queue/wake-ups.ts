import { createHash } from 'node:crypto';
import Bull from 'bull';

type Redis = Bull.Queue['client'];
type RedisOptions = Exclude<Bull.QueueOptions['redis'], string | undefined>;

/** Stops listening. A wake-up that is being handled goes on. */
export type StopListening = () => Promise<void>;

/** The most adds that Redis has not answered. Further wake-ups are left to the sweep. */
const pendingMax = 1000;
const connectMs = 2000;
const commandMs = 2000;
const releaseMs = 1000;
const settings: Bull.AdvancedSettings = {
  drainDelay: 5,
  retryProcessDelay: 1000,
  guardInterval: 5000,
  lockDuration: 30_000,
  stalledInterval: 30_000,
};

/** For connections that wait as long as it takes for messages, even across a reconnect. */
const patient: RedisOptions = {
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  commandTimeout: undefined,
};

/**
 * Bull queues whose jobs only say that something is due; each wakes one worker of one process. A lost wake-up costs
 * only time, so no method here rejects, whatever happens to Redis. All queues share two connections, and each listener
 * has one more.
 */
export class WakeUps {
  private readonly commands: Redis;
  private readonly news: Redis;
  private readonly connected: Promise<void>;
  private readonly listeners = new Set<Redis>();
  private readonly queues = new Map<string, Bull.Queue>();
  private pending = 0;

  constructor(
    redisUrl: string,
    private readonly prefix: string,
  ) {
    const redis = redisOptions(redisUrl);
    // Bull brings its own Redis client: a queue made for it gives the first connection, and that one the others.
    this.commands = quiet(new Bull('connection', { redis, prefix }).client);
    this.news = quiet(this.commands.duplicate(patient));
    this.connected = new Promise((resolve) => {
      for (const event of ['ready', 'end']) this.commands.once(event, () => resolve());
      setTimeout(resolve, connectMs).unref();
    });
  }

  /** True when wake-ups can be expected to arrive. */
  get areReady(): boolean {
    return this.commands.status === 'ready';
  }

  /** Wakes a worker at `due`. Repeating it does nothing while the first one is in Redis. */
  async add(queue: string, id: string, due: number): Promise<void> {
    if (this.pending >= pendingMax) return;
    this.pending++;
    try {
      await this.connected;
      if (!this.areReady) return;
      let bull = this.queues.get(queue);
      if (!bull) this.queues.set(queue, (bull = this.open(queue)));
      await bull.add(
        {},
        {
          // Bull's own keys are stored beside those of jobs; a digest cannot equal one of them.
          jobId: `${createHash('sha256').update(id).digest('base64url')}.${due}`,
          delay: Math.max(0, due - Date.now()),
          removeOnComplete: true,
          removeOnFail: true,
        },
      );
    } catch (error) {
      // The sweep finds what is due.
      if ((error as Error).message === 'Command timed out') this.reconnect();
    } finally {
      this.pending--;
    }
  }

  /** Calls `wake` for one wake-up at a time. */
  listen(queue: string, wake: () => Promise<unknown>): StopListening {
    const blocking = quiet(this.commands.duplicate(patient));
    this.listeners.add(blocking);
    const bull = this.open(queue, blocking);
    const ended = bull.process(1, async () => void (await wake())).catch(() => undefined);
    return async () => {
      // Does not wait for work under way: Bull would leave a failed reconnect unhandled meanwhile.
      await atMost(releaseMs, Promise.all([bull.close(true), ended]));
      this.listeners.delete(blocking);
      blocking.disconnect();
    };
  }

  /** Releases the connections. */
  async close(): Promise<void> {
    // The wake-up that was just handled must still be reported to Redis.
    await new Promise(setImmediate);
    await Promise.all([this.commands, this.news].map(release));
  }

  /** Closes connections that could stay silent for as long as the network allows. */
  private reconnect(): void {
    for (const redis of [this.commands, this.news, ...this.listeners])
      if (redis.status === 'ready') redis.disconnect(true);
  }

  private open(queue: string, blocking?: Redis): Bull.Queue {
    const bull = new Bull(queue, {
      prefix: this.prefix,
      settings,
      createClient: (type) =>
        type === 'client' ? this.commands : type === 'subscriber' ? this.news : blocking!,
    });
    // Bull sets its connection's name when it begins and does not catch the error, which would end the process.
    return Object.assign(bull, { setWorkerName: async () => undefined });
  }
}

function redisOptions(redisUrl: string): RedisOptions {
  const url = new URL(redisUrl);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.protocol === 'rediss:' && { tls: {} }),
    enableReadyCheck: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 5000,
    commandTimeout: commandMs,
    disconnectTimeout: 200,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 10_000),
  };
}

/** A connection whose errors are caught and ignored: it reconnects, and the sweep does not need it. */
function quiet(redis: Redis): Redis {
  redis.setMaxListeners(200);
  redis.on('error', () => undefined);
  return redis;
}

async function release(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await atMost(releaseMs, redis.quit());
  redis.disconnect();
}

/** Resolves when the work has settled, or when the time is over. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), over]);
  clearTimeout(timer);
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Clock } from './clock.js';
import { HttpProblem, Unreadable } from './http-problem.js';
import { rememberAsked } from './request.js';
import type { BatchPriority } from './batch-priority.js';
import { parseTraceparent } from './traceparent.js';

/** Counts requests per key. `consume` rejects with a `RateLimiterRes` when there were too many in this second. */
export interface RateLimiter {
  consume(key: string): Promise<RateLimiterRes>;
}

export interface EdgeOptions {
  readonly adminKey: string;
  readonly ratePerSecond: number;
  /** Allows `ratePerSecond` requests per key. By default the requests of this process alone are counted. */
  readonly limiter: RateLimiter | undefined;
  readonly clock: Clock;
  readonly batchPriority: BatchPriority;
  /** True when a route, such as `GET /healthz`, needs no key. */
  isPublic(route: string): boolean;
  /** True when the process is about to end. */
  isClosing(): boolean;
}

/** The most batches in progress at a time. Each may use several times its size in memory. */
const batchesMax = 4;
const batchBytesMin = 128 * 1024;

/** The request id: the trace id of the W3C trace context if the request has one, else a new id. */
export function requestId(raw: IncomingMessage): string {
  const parent = raw.headers['traceparent'];
  return (typeof parent === 'string' && parseTraceparent(parent)?.traceId) || randomUUID();
}

/** Checks every request before a byte of its body is read: key, rate, a readable address, and room for a large body. */
export function guardRequests(server: FastifyInstance, options: EdgeOptions): void {
  const rightKey = sha256(options.adminKey);
  const limiter = options.limiter ?? new RateLimiterMemory({ points: options.ratePerSecond, duration: 1 });
  const policy = `"default";q=${options.ratePerSecond};w=1`;
  const { batchPriority } = options;

  server.addHook('onRequest', async (request, reply) => {
    if (options.isClosing()) {
      throw new HttpProblem(503, 'STOPPING', 'This instance is stopping: try again.', {
        retryAfterS: 1,
        headers: { connection: 'close' },
      });
    }
    const isAdmin = holdsKey(request, rightKey);
    await limit(limiter, isAdmin ? 'admin' : request.ip, policy, options.ratePerSecond, reply);
    if (!request.is404) {
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (!isAdmin && !options.isPublic(`${method} ${request.routeOptions.url}`)) {
        throw new HttpProblem(401, 'UNAUTHENTICATED', 'Send Authorization: Bearer and a valid key.');
      }
    }
    checkAddress(request);
    rememberAsked(request, { actor: isAdmin ? 'admin' : 'public', at: options.clock.now() });
    if (isBatch(request)) {
      if (batchPriority.underWay >= batchesMax) {
        throw new HttpProblem(503, 'BUSY', 'Too many large requests are under way: try again in a moment.', {
          retryAfterS: 1,
        });
      }
      batchPriority.enter();
      reply.raw.once('close', () => batchPriority.leave());
    }
  });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Compares digests, so that the time taken reveals nothing about the key or its length. */
function holdsKey(request: FastifyRequest, rightKey: Buffer): boolean {
  const given = /^Bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return timingSafeEqual(sha256(given ?? ''), rightKey) && given !== undefined;
}

async function limit(
  limiter: RateLimiter,
  key: string,
  policy: string,
  points: number,
  reply: FastifyReply,
): Promise<void> {
  let state: RateLimiterRes;
  let passed = true;
  try {
    state = await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    state = error;
    passed = false;
  }
  const resetS = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
  reply.header('ratelimit-policy', policy);
  reply.header('ratelimit', `"default";r=${state.remainingPoints};t=${resetS}`);
  reply.header('x-ratelimit-limit', String(points));
  reply.header('x-ratelimit-remaining', String(state.remainingPoints));
  reply.header('x-ratelimit-reset', String(resetS));
  if (!passed) {
    throw new HttpProblem(429, 'TOO_MANY_REQUESTS', 'Slow down, and try again in a moment.', {
      retryAfterS: resetS,
    });
  }
}

/** Checks paths and queries like the strings of bodies, with one value per parameter. */
function checkAddress(request: FastifyRequest): void {
  let address: string;
  try {
    address = decodeURIComponent(request.raw.url ?? '');
  } catch {
    throw new Unreadable('BAD_URL', 'Encode the address as UTF-8 with percent signs.');
  }
  if (address.includes('\0')) throw new Unreadable('BAD_URL', 'The address must not hold NUL.');
  for (const value of Object.values((request.query ?? {}) as Record<string, unknown>)) {
    if (typeof value !== 'string')
      throw new Unreadable('REPEATED_PARAMETER', 'Give each query parameter once.');
  }
}

/** True for large bodies. A small body is answered faster than background work could be delayed for it. */
function isBatch(request: FastifyRequest): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length'] ?? 0) > batchBytesMin;
}

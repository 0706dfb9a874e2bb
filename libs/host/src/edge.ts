import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Credentials } from './access/credentials.js';
import { reachesOf, type Principal, type Reach } from './access/principal.js';
import type { Clock } from './clock.js';
import { HttpProblem, Unreadable } from './http-problem.js';
import { idempotencyKeyOf } from './idempotency.js';
import { askedOf, isForPrograms, rememberAsked } from './request.js';
import { hasBody, stopping, type Bodies } from './bodies.js';
import type { KnownRoutes } from './known-routes.js';
import type { Route } from './routes.js';
import { securityHeaders } from './security-headers.js';
import { parseTraceparent } from './traceparent.js';

/** Counts requests per key. `consume` rejects with a `RateLimiterRes` when there were too many in this second. */
export interface RateLimiter {
  consume(key: string): Promise<RateLimiterRes>;
}

export interface EdgeOptions {
  readonly credentials: Credentials;
  readonly ratePerSecond: number;
  /** Allows `ratePerSecond` requests per key. By default the requests of this process alone are counted. */
  readonly limiter: RateLimiter | undefined;
  readonly clock: Clock;
  readonly routes: KnownRoutes;
  readonly bodies: Bodies;
  /** True when the process is about to end. */
  isClosing(): boolean;
}

/** Who sends a body that takes longer to arrive is judged again. */
const slowBodyMs = 1_000;
/** How long a client may go on sending a body that was answered already. */
const lingerMs = 5000;

/** The request id: the trace id of the W3C trace context if the request has one, else a new id. */
export function requestId(raw: IncomingMessage): string {
  const parent = raw.headers['traceparent'];
  return (typeof parent === 'string' && parseTraceparent(parent)?.traceId) || randomUUID();
}

/**
 * Checks every request before a byte of its body is read: address and method, credential, permission, rate, and what the
 * headers say of the body.
 */
export function guardRequests(server: FastifyInstance, options: EdgeOptions): void {
  const limiter = options.limiter ?? new RateLimiterMemory({ points: options.ratePerSecond, duration: 1 });
  const policy = `"default";q=${options.ratePerSecond};w=1`;
  const { routes, bodies } = options;
  /** When the sender of a request with a body was judged. */
  const judged = new WeakMap<FastifyRequest, { readonly atMs: number; readonly fresh: boolean }>();

  server.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    if (isForPrograms(request)) reply.header('cache-control', 'no-store');
    if (hasBody(request)) {
      const { shouldKeepAlive } = reply.raw;
      reply.raw.once('finish', () => endUnread(request, shouldKeepAlive));
    }
    if (options.isClosing()) throw stopping();
    checkAddress(request);
    const route = await routeOf(request, options);
    // Who gives away keys must still have their own.
    const fresh = route?.needs === 'keys.manage';
    const principal = route?.needs === 'nothing' ? null : await senderOf(request, options, fresh);
    if (principal === null && route?.needs !== 'nothing') throw unauthenticated();
    const reaches = principal === null || route === undefined ? [] : reachesFor(principal, route);
    await limit(limiter, principal?.id ?? request.ip, policy, options.ratePerSecond, reply);
    rememberAsked(request, {
      principal,
      reaches,
      at: options.clock.now(),
      idempotencyKey: idempotencyKeyOf(request, route),
    });
    if (route === undefined) return;
    routes.checkQuery(request, route);
    bodies.admit(request, reply, route, principal?.id ?? null);
    if (principal !== null && hasBody(request)) judged.set(request, { atMs: performance.now(), fresh });
  });

  // A body may take a minute to arrive, and the credential may end meanwhile.
  server.addHook('preValidation', async (request) => {
    const before = judged.get(request);
    if (before === undefined || (!before.fresh && performance.now() - before.atMs < slowBodyMs)) return;
    if ((await senderOf(request, options, before.fresh)) === null) throw unauthenticated();
    rememberAsked(request, { ...askedOf(request), at: options.clock.now() });
  });
}

/**
 * What still arrives of a body after its answer is dropped, for a while; then the connection is closed. A connection that
 * the client does not keep is closed with the end of the body.
 */
function endUnread(request: FastifyRequest, isKept: boolean): void {
  const { raw } = request;
  if (raw.complete) return;
  if (!isKept) raw.once('end', () => raw.socket.end());
  setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, lingerMs).unref();
}

/**
 * The route of a request. Throws 404 or 405; under `/v1`, 401 in the place of 404 for somebody without a credential, who
 * is not told which addresses there are.
 */
async function routeOf(request: FastifyRequest, options: EdgeOptions): Promise<Route | undefined> {
  try {
    return options.routes.of(request);
  } catch (error) {
    const isUnknown = error instanceof HttpProblem && error.status === 404;
    if (isUnknown && isForPrograms(request) && (await senderOf(request, options)) === null)
      throw unauthenticated();
    throw error;
  }
}

/** Who sends the request; `null` without a credential, or with one that is not accepted. */
async function senderOf(
  request: FastifyRequest,
  { credentials }: EdgeOptions,
  fresh = false,
): Promise<Principal | null> {
  const sent = request.raw.headersDistinct['authorization'] ?? [];
  if (sent.length > 1) throw new Unreadable('REPEATED_HEADER', 'Send one Authorization header.');
  const credential = /^Bearer +([^ ]+)$/i.exec(sent[0] ?? '')?.[1];
  return credential === undefined ? null : credentials.principalOf(credential, request.ip, { fresh });
}

function unauthenticated(): HttpProblem {
  return new HttpProblem(
    401,
    'UNAUTHENTICATED',
    'Send Authorization: Bearer and a key or token that is valid here.',
  );
}

/** How far the principal reaches with what the route needs. Throws 403 `FORBIDDEN` when no grant has the permission. */
function reachesFor({ grants }: Principal, { needs }: Route): readonly Reach[] {
  if (needs === 'any credential' || needs === 'nothing') return [];
  const reaches = reachesOf(grants, needs);
  if (reaches.length > 0) return reaches;
  throw new HttpProblem(
    403,
    'FORBIDDEN',
    `This needs the permission ${needs}, which your credential does not have: ask whoever issued it.`,
  );
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

/** Checks the version and Host header, and path and query like the strings of bodies. */
function checkAddress(request: FastifyRequest): void {
  const { httpVersion, headersDistinct } = request.raw;
  // The parser takes a line without a version for HTTP/0.9.
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw new HttpProblem(505, 'HTTP_VERSION_NOT_SUPPORTED', 'Send HTTP/1.1.');
  const hosts = headersDistinct['host']?.length ?? 0;
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    throw new Unreadable('HOST_REQUIRED', 'Send one Host header.');
  }
  let address: string;
  try {
    address = decodeURIComponent(request.raw.url ?? '');
  } catch {
    throw new Unreadable('BAD_URL', 'Encode the address as UTF-8 with percent signs.');
  }
  if (address.includes('\0')) throw new Unreadable('BAD_URL', 'The address must not hold NUL.');
}

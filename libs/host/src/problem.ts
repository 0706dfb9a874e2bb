import { HttpException } from '@nestjs/common';
import { Refusal, Unavailable, type Away, type RefusalKind } from '@readership/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { hasBody } from './bodies.js';
import { HttpProblem, type FieldProblem } from './http-problem.js';

/** The body of a problem as RFC 9457 and API.md define it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable. */
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly traceId: string;
  readonly errors?: readonly FieldProblem[];
  /** How many more errors there are than are listed. */
  readonly more?: number;
}

/** What is wrong with a request, without what only the request knows. */
interface Failure {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  readonly errorsUnlisted?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryAfterS?: number;
}

/** The most errors that a problem lists. */
export const errorsMax = 50;

const statusOfKind: Readonly<Record<RefusalKind, number>> = {
  unknown: 404,
  forbidden: 403,
  conflict: 409,
  invalid: 422,
  stale: 412,
  'not-yet': 503,
};

const framework: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['BAD_REQUEST', 'The request cannot be read.'],
  401: ['UNAUTHENTICATED', 'Send Authorization: Bearer and a key or token that is valid here.'],
  403: ['FORBIDDEN', 'This credential does not permit this request.'],
  404: ['NOT_FOUND', 'There is nothing at this address: /docs lists the addresses.'],
  405: ['METHOD_NOT_ALLOWED', 'This resource does not support this method.'],
  408: ['TOO_SLOW', 'The request took too long to arrive.'],
  413: ['TOO_LARGE', 'The body is larger than this resource accepts.'],
  414: ['URL_TOO_LONG', 'The address is too long.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'This resource does not accept this Content-Type.'],
  417: ['EXPECTATION_FAILED', 'Send no Expect header but 100-continue.'],
  429: ['TOO_MANY_REQUESTS', 'Slow down, and try again in a moment.'],
  431: ['HEADERS_TOO_LARGE', 'The address and the headers are larger than 16 KiB.'],
  501: ['METHOD_UNKNOWN', 'This method is not known here.'],
  503: ['UNAVAILABLE', 'Try again in a moment.'],
  505: ['HTTP_VERSION_NOT_SUPPORTED', 'Send HTTP/1.1.'],
};

/**
 * All are 503, even a full disk: clients and queues wait on 503, while a 507 would make some of them give up the
 * records they hold. A full disk has a longer `Retry-After`, because somebody has to make room.
 */
const away: Readonly<Record<Away, readonly [retryAfterS: number, detail: string]>> = {
  STORE_UNAVAILABLE: [2, 'The database does not answer: repeat the request in a moment.'],
  LOG_UNAVAILABLE: [2, 'The log does not answer: repeat the request in a moment.'],
  ISSUER_UNAVAILABLE: [
    5,
    'The issuer of your token does not give the keys to check it: repeat the request in a moment.',
  ],
  BUSY: [1, 'Too many requests are under way: repeat the request in a moment.'],
  STORE_FULL: [30, 'The disk is full: repeat the request once there is room.'],
};

const internal: Failure = {
  status: 500,
  code: 'INTERNAL',
  detail: 'An internal error happened; it was logged.',
};

/** The status and body fields of an error. Messages of errors that are not ours are not passed on. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) {
    const { code, detail, kind, pointer } = error;
    const status = statusOfKind[kind];
    return {
      status,
      code,
      detail,
      ...(pointer === undefined ? {} : { errors: [{ pointer, code, detail }] }),
      ...(status === 503 ? { retryAfterS: 1 } : {}),
    };
  }
  if (error instanceof Unavailable) {
    const [retryAfterS, detail] = away[error.code];
    return { status: 503, code: error.code, detail, retryAfterS };
  }
  if (error instanceof HttpProblem) {
    const { status, code, detail, more } = error;
    return { status, code, detail, ...more };
  }
  return failureOfStatus(error instanceof HttpException ? error.getStatus() : statusCodeOf(error));
}

/** The failure of a framework, of which only the status is passed on. */
export function failureOfStatus(status: number): Failure {
  const known = framework[status] ?? (status >= 400 && status < 500 ? framework[400] : undefined);
  if (!known) return internal;
  return {
    status: framework[status] ? status : 400,
    code: known[0],
    detail: known[1],
    ...(status === 429 || status === 503 ? { retryAfterS: 1 } : {}),
  };
}

function statusCodeOf(error: unknown): number {
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

/** `instance` is the path of the request. */
export function problemDocument(failure: Failure, instance: string, traceId: string): ProblemDocument {
  const { status, code, detail, errors = [], errorsUnlisted = 0 } = failure;
  const listed = errors.slice(0, errorsMax);
  const more = errors.length - listed.length + errorsUnlisted;
  return {
    type: `urn:readership:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail,
    instance,
    traceId,
    ...(listed.length > 0 ? { errors: listed } : {}),
    ...(more > 0 ? { more } : {}),
  };
}

/** Answers with a problem, unless an answer has begun already. Returns the status. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): number {
  const failure = failureOf(error);
  const { status, headers, retryAfterS } = failure;
  if (reply.sent || reply.raw.headersSent) return status;
  const problem = problemDocument(failure, request.url.split('?', 1)[0]!, request.id);
  reply.header('cache-control', 'no-store');
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="readership"');
  if (retryAfterS !== undefined) reply.header('retry-after', String(retryAfterS));
  for (const [name, value] of Object.entries(headers ?? {})) reply.header(name, value);
  // Closing the connection while a body still arrives would reset it, and the client would lose this answer. So what
  // still arrives is dropped unread, for a few seconds at most.
  if (hasBody(request) && !request.raw.complete) {
    reply.removeHeader('connection');
    reply.raw.shouldKeepAlive = true;
  }
  void reply
    .status(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
  return status;
}

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { Refusal, uuidv7, type Meta } from '@readership/kernel';
import type { FastifyRequest } from 'fastify';
import type { Principal, Reach } from './access/principal.js';
import { HttpProblem } from './http-problem.js';
import { RecordsCommand } from './routes.js';
import { traceparentOf } from './tracing.js';

/** What the edge knows of a request before its handler runs. */
export interface Asked {
  /** Who sent it; `null` on a public route. */
  readonly principal: Principal | null;
  /** How far they reach with the permission that the route needs. */
  readonly reaches: readonly Reach[];
  readonly at: Date;
  /** `null` without one, and where it has no meaning. */
  readonly idempotencyKey: string | null;
}

const encoded = /%[0-9A-Fa-f]{2}/g;
const needsNoEncoding = /^[A-Za-z0-9._~-]$/;

/**
 * The address of a request as the router understands it: without scheme and host, which it may hold (RFC 9112 §3.2.2),
 * and with what needs no encoding in plain (RFC 3986 §6.2.2.2). So everybody who looks at it sees the same.
 */
export function plainAddress(sent: string): string {
  const url = sent.replace(/^https?:\/\/[^/?#]*/i, '');
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  const plain = path.replace(encoded, (code) => {
    const letter = String.fromCharCode(parseInt(code.slice(1), 16));
    return needsNoEncoding.test(letter) ? letter : code;
  });
  return (plain.startsWith('/') || plain === '*' ? plain : `/${plain}`) + url.slice(path.length);
}

/** True for addresses of the API, as opposed to pages for people. */
export function isForPrograms({ url }: FastifyRequest): boolean {
  return /^\/v1(?:[/?]|$)/.test(url);
}

/** The media type that a `Content-Type` names, in lower case and without its parameters; empty when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

const asked = new WeakMap<FastifyRequest, Asked>();

export function rememberAsked(request: FastifyRequest, about: Asked): void {
  asked.set(request, about);
}

/** The command ids of requests with an idempotency key. */
const commands = new WeakMap<FastifyRequest, string>();

export function rememberCommand(request: FastifyRequest, commandId: string): void {
  commands.set(request, commandId);
}

export function askedOf(request: FastifyRequest): Asked {
  const about = asked.get(request);
  if (!about) throw new Error('a request passed the edge unseen');
  return about;
}

/** Injects who sent the request. Only for routes that need a credential. */
export const Sender: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => {
    const { principal } = askedOf(context.switchToHttp().getRequest<FastifyRequest>());
    if (principal === null) throw new Error('a public route has no sender');
    return principal;
  },
);

/** Injects how far the sender of the request reaches with the permission that the route needs; see `Scopes`. */
export const Reaches: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): readonly Reach[] =>
    askedOf(context.switchToHttp().getRequest<FastifyRequest>()).reaches,
);

/**
 * Injects the kernel's `Meta` of this request: a new command id, or that of the same request with the same
 * `Idempotency-Key` before; the current time, the actor, the request's id and its trace. It marks the route as one that
 * records something.
 */
export const RequestMeta = (): ParameterDecorator => (target, method, index) => {
  MetaOfRequest()(target, method, index);
  RecordsCommand(target, method!, Object.getOwnPropertyDescriptor(target, method!)!);
};

const MetaOfRequest: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): Meta =>
    metaOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The kernel's `Meta` of a request; see `RequestMeta`. */
export function metaOf(request: FastifyRequest): Meta {
  const { at, principal } = askedOf(request);
  const traceparent = traceparentOf(request);
  return {
    commandId: commands.get(request) ?? uuidv7(),
    at: at.toISOString(),
    actor: principal?.id ?? 'public',
    correlationId: request.id,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/**
 * Injects the versions that `If-Match: "v<n>"` demands, of which one must be the current version; `undefined` when it
 * is absent or `*`. Weak tags and those of anything else never match, and give 412 when there is no other. When it is
 * required and absent, the answer is 428 `IF_MATCH_REQUIRED`.
 */
export const IfMatch =
  ({ required = false }: { readonly required?: boolean } = {}): ParameterDecorator =>
  (target, method, index) => {
    const handler = Object.getOwnPropertyDescriptor(target, method!)!;
    MatchedVersion({ required })(target, method, index);
    ApiHeader({
      name: 'If-Match',
      required,
      description: 'ETags of reads: the command is refused when the current version has none of them.',
      schema: { type: 'string', example: '"v3"' },
    })(target, method!, handler);
  };

const MatchedVersion: (options: { readonly required: boolean }) => ParameterDecorator = createParamDecorator(
  (options: { readonly required: boolean }, context: ExecutionContext): readonly number[] | undefined => {
    const raw = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
    if (raw === undefined) {
      if (!options.required) return undefined;
      throw new HttpProblem(428, 'IF_MATCH_REQUIRED', 'Read it first, and send its ETag as If-Match.');
    }
    if (raw.trim() === '*') return undefined;
    const versions = raw
      .split(',')
      .flatMap((tag) => /^"v(\d{1,15})"$/.exec(tag.trim())?.slice(1) ?? [])
      .map(Number);
    if (versions.length === 0) {
      throw new Refusal('VERSION_MISMATCH', 'stale', 'Send the ETag of your last read as If-Match.');
    }
    return versions;
  },
);

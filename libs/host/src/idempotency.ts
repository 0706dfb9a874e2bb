import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { IdempotencyKeys } from './access/idempotency-keys.js';
import { Unreadable } from './http-problem.js';
import { askedOf, mediaTypeOf, rememberCommand } from './request.js';
import type { Route } from './routes.js';

const header = 'Idempotency-Key';
const keyPattern = '^[!-~]([ -~]{0,126}[!-~])?$';
const keyForm = new RegExp(keyPattern);

/** How the OpenAPI document describes the header. */
export const idempotencyKeyParameter = {
  name: header,
  in: 'header',
  required: false,
  description:
    'Makes it safe to send a request again whose answer was lost: for 24 hours the same key and the same request make nothing twice and answer the same content (with 200 or 201, and a secret that was shown once is not shown again), and another request with the same key is refused with `IDEMPOTENCY_KEY_REUSED`. Keys of others, and of other addresses, do not matter. Take a random one for each request.',
  schema: { type: 'string', minLength: 1, maxLength: 128, pattern: keyPattern, example: 'a1b2c3d4' },
} as const;

/**
 * The idempotency key of a request; `null` without one, and on routes that make nothing. Throws `BAD_IDEMPOTENCY_KEY`.
 */
export function idempotencyKeyOf({ raw }: FastifyRequest, route: Route | undefined): string | null {
  const sent = raw.headersDistinct['idempotency-key'] ?? [];
  if (!route?.takesIdempotencyKey || sent.length === 0) return null;
  const [key] = sent;
  if (sent.length === 1 && keyForm.test(key!)) return key!;
  throw new Unreadable(
    'BAD_IDEMPOTENCY_KEY',
    `Send one ${header} of 1 to 128 letters, digits and signs of ASCII.`,
  );
}

/** Gives a request with an idempotency key its command id, once its body was read. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(@Inject(IdempotencyKeys) private readonly keys: IdempotencyKeys) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { principal, idempotencyKey: key, at } = askedOf(request);
    if (principal !== null && key !== null) {
      const [path, ...query] = request.url.split('?') as [string, ...string[]];
      const address = `${request.method} ${path}`;
      const content = [query.join('?'), ...headersOf(request), bodyOf(request)];
      rememberCommand(
        request,
        await this.keys.commandOf({ sender: principal.id, address, key, content }, at),
      );
    }
    return next.handle();
  }
}

/** The headers that say what a request means: also those of a CloudEvent in binary mode. */
function headersOf({ headers }: FastifyRequest): readonly string[] {
  const events = Object.keys(headers).filter((name) => name.startsWith('ce-'));
  return [
    mediaTypeOf(headers['content-type']),
    headers['if-match'] ?? '',
    ...events.sort().flatMap((name) => [name, String(headers[name])]),
  ];
}

function bodyOf({ body }: FastifyRequest): string | Buffer {
  return Buffer.isBuffer(body) ? body : (JSON.stringify(body) ?? '');
}

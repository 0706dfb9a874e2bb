import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Handled, Marks } from '@readership/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { concatMap, type Observable } from 'rxjs';
import { contextOf } from './contexts.js';
import { OwnWrites, rememberOwnWrite } from './own-writes.js';
import { positionToken } from './positions.js';
import { askedOf } from './request.js';
import { StaticFile } from './static-file.js';

/** What a controller returns when response headers go with the body. */
export class Answer<T> {
  constructor(
    readonly body: T,
    readonly about: {
      readonly status?: number;
      /** Version of the aggregate's stream, sent as `ETag: "v<n>"`. */
      readonly version?: number;
      readonly location?: string;
      /** The context that the marks belong to. Defaults to the controller's context. */
      readonly context?: string;
      /** The positions of the write, sent as `Readership-Position`. */
      readonly marks?: Marks;
    } = {},
  ) {}
}

/** The answer to a command: 201 with its location when the command created the stream, else 200. */
export function written<T>(
  body: T,
  { version, events, marks }: Pick<Handled<unknown, unknown>, 'version' | 'events' | 'marks'>,
  location: string,
): Answer<T> {
  const began = events.length > 0 && events.length === version;
  return new Answer(body, { status: began ? 201 : 200, version, marks, ...(began ? { location } : {}) });
}

@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  constructor(@Inject(OwnWrites) private readonly ownWrites: OwnWrites) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const sender = askedOf(request).principal?.id;
    const ownWrite = sender === undefined ? undefined : this.ownWrites.of(sender);
    if (ownWrite !== undefined) rememberOwnWrite(request, ownWrite);
    return next.handle().pipe(
      concatMap(async (result: unknown) => {
        const reply = http.getResponse<FastifyReply>();
        if (result instanceof StaticFile) return result.answer(request, reply);
        if (!(result instanceof Answer)) return result;
        const { status, version, location, marks } = result.about;
        if (status !== undefined) reply.status(status);
        if (version !== undefined) reply.header('etag', `"v${version}"`);
        if (location !== undefined) reply.header('location', location);
        const writer = result.about.context ?? contextOf(context.getClass());
        // Without marks there is no position to send: nothing was written, or its position is not known in time.
        if (marks && Object.keys(marks).length > 0 && writer !== undefined) {
          const position = positionToken(writer, marks);
          reply.header('readership-position', position);
          if (sender !== undefined) this.ownWrites.wrote(sender, position);
        }
        return result.body as unknown;
      }),
    );
  }
}

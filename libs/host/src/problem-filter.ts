import { Catch, Inject, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Unavailable } from '@readership/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ExpectedRetries } from './expected-retries.js';
import { causeOf } from './logger.js';
import { sendProblem } from './problem.js';

/** Everything thrown becomes problem+json; what we did not foresee, or cannot help, is logged, without its message. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('edge');

  constructor(@Inject(ExpectedRetries) private readonly retries: ExpectedRetries) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = sendProblem(error, request, reply);
    if (status === 500) this.logger.error('internal error', { requestId: request.id, ...causeOf(error) });
    if (error instanceof Unavailable && !this.retries.counts(error)) {
      const { code, reason } = error;
      this.logger.warn('a server is unavailable', { requestId: request.id, code, reason });
    }
  }
}

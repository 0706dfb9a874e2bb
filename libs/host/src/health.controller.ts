import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Answer } from './answer.js';
import { Answers, json } from './openapi-answers.js';
import { flag, instant, integer, listOf, object, oneOf, resource, text } from './openapi-schemas.js';
import { Readiness } from './readiness.js';
import { Public } from './routes.js';

const readinessSchema = resource('Readiness', {
  status: oneOf('ready', 'unavailable'),
  ready: flag,
  checks: listOf(object({ name: text, ready: flag })),
  failing: listOf(
    object({
      loop: text,
      context: text,
      'partitions?': listOf(integer),
      since: instant,
      reason: text,
      'address?': text,
    }),
  ),
});

/** Health and readiness, for whoever monitors the process. */
@Public()
@ApiTags('operations')
@Controller()
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  /** Answers 200 while the process runs. */
  @Get('healthz')
  @Answers({ 200: json(object({ status: oneOf('alive') })) })
  @ApiOperation({ summary: 'Whether the process runs' })
  health(): object {
    return { status: 'alive' };
  }

  /** Answers 200 when this instance accepts traffic, else 503. The body says what it waits for and which loops fail. */
  @Get('readyz')
  @Answers({
    200: json(readinessSchema),
    503: {
      content: { 'application/json': readinessSchema },
      description: 'This instance accepts no traffic now.',
    },
  })
  @ApiOperation({ summary: 'Whether this instance accepts traffic, and what it waits for' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Answer<object>> {
    const look = await this.readiness.look();
    if (!look.ready) reply.header('retry-after', '1');
    const status = look.ready ? 'ready' : 'unavailable';
    return new Answer({ status, ...look }, { status: look.ready ? 200 : 503 });
  }
}

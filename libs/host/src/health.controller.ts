import { Controller, Get, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Answer } from './answer.js';
import { Readiness } from './readiness.js';
import { Public } from './routes.js';

/** Health and readiness, for whoever monitors the process. */
@Public()
@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  /** Answers 200 while the process runs. */
  @Get('healthz')
  health(): object {
    return { status: 'alive' };
  }

  /** Answers 200 when this instance accepts traffic, else 503. The body says what it waits for and which loops fail. */
  @Get('readyz')
  async ready(): Promise<Answer<object>> {
    const look = await this.readiness.look();
    const status = look.ready ? 'ready' : 'unavailable';
    return new Answer({ status, ...look }, { status: look.ready ? 200 : 503 });
  }
}

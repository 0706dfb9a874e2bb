import { Controller, Get, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Answer } from './answer.js';
import { Readiness } from './readiness.js';
import { Public } from './routes.js';

/** For those who watch over the process. */
@Public()
@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  /** 200 as long as the process answers. */
  @Get('healthz')
  health(): object {
    return { status: 'alive' };
  }

  /** 200 when this instance takes traffic, else 503 and what it waits for. */
  @Get('readyz')
  async ready(): Promise<Answer<object>> {
    const checks = await this.readiness.look();
    const ready = checks.every((check) => check.ready);
    return new Answer({ ready, checks }, { status: ready ? 200 : 503 });
  }
}

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

  /** 200 when this instance takes traffic, else 503, what it waits for, and which of its loops fail. */
  @Get('readyz')
  async ready(): Promise<Answer<object>> {
    const look = await this.readiness.look();
    const status = look.ready ? 'ready' : 'unavailable';
    return new Answer({ status, ...look }, { status: look.ready ? 200 : 503 });
  }
}

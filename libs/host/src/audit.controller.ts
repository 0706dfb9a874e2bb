import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ContextAudit } from '@readership/client';
import { auditOf } from './audit.js';
import { Contexts } from './contexts.js';

@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(@Inject(Contexts) private readonly contexts: Contexts) {}

  @Get('log')
  @ApiOperation({
    summary: 'Counts of what a context recorded, published and applied, each from its own source',
  })
  @ApiQuery({ name: 'context', type: String, required: true, example: 'interaction-log' })
  @ApiOkResponse({ description: '`holds` says whether the counts agree, per partition and per read model.' })
  async log(@Query('context') name: string | undefined): Promise<ContextAudit> {
    return auditOf(this.contexts.asked(name));
  }
}

import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ContextAudit } from '@readership/client';
import { auditOf } from './audit.js';
import { Contexts } from './contexts.js';
import { Answers, json } from './openapi-answers.js';
import { flag, integer, listOf, object, resource, text } from './openapi-schemas.js';
import { Needs } from './routes.js';

const counts = { partition: integer, published: integer };
const auditSchema = resource('ContextAudit', {
  context: text,
  partitions: listOf(object({ ...counts, recorded: integer, privateOnly: integer, unpublished: integer })),
  projections: listOf(
    object({ name: text, ...counts, applied: integer, skipped: integer, parked: integer, lag: integer }),
  ),
  jobs: { ...integer, description: 'Jobs that have not ended.' },
  holds: { ...flag, description: 'The counts agree, per partition and per read model.' },
});

@ApiTags('audit')
@Controller('v1/audit')
@Needs('operations.read')
export class AuditController {
  constructor(@Inject(Contexts) private readonly contexts: Contexts) {}

  @Get('log')
  @ApiOperation({
    summary: 'Counts of what a context recorded, published and applied, each from its own source',
  })
  @ApiQuery({ name: 'context', type: String, required: true, example: 'interaction-log' })
  @Answers({ 200: json(auditSchema), 404: 'No context with this name runs here.' })
  async log(@Query('context') name: string | undefined): Promise<ContextAudit> {
    return auditOf(this.contexts.asked(name));
  }
}

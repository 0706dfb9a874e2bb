import { Body, Controller, Get, Headers, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Answer, AppliedWait, Clock, Cursors, HttpProblem, listLimit, RequestMeta } from '@readership/host';
import { modelId, ReadModels, type Meta } from '@readership/kernel';
import { costExample, parseCost, parseCostLines } from './cost-statements.js';
import { type Cost } from './cost.decider.js';
import { costs } from './costs.projection.js';
import { costId, StateCosts } from './state-costs.js';

const model = modelId(costs);

interface Headed {
  header(name: string, value: string): unknown;
}

@ApiTags('costs')
@Controller('v1/costs')
export class CostsController {
  constructor(
    @Inject(StateCosts) private readonly state: StateCosts,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Cursors) private readonly cursors: Cursors,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'State what a branch spent in a month, one as JSON or many as NDJSON; restating replaces',
  })
  @ApiConsumes('application/json', 'application/x-ndjson')
  @ApiBody({ schema: { type: 'object', example: costExample } })
  async post(
    @Body() body: unknown,
    @Headers('content-type') contentType: string | undefined,
    @RequestMeta() meta: Meta,
    @Res({ passthrough: true }) response: Headed,
  ): Promise<Answer<unknown>> {
    if (!Buffer.isBuffer(body)) return this.postOne(parseCost(body, this.clock.now()), meta);
    if (!contentType?.startsWith('application/x-ndjson')) {
      throw new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send application/json or application/x-ndjson.');
    }
    const { ndjson, marks } = await this.state.many(parseCostLines(body, this.clock.now()), meta);
    response.header('content-type', 'application/x-ndjson');
    return new Answer(ndjson, { status: 200, marks });
  }

  private async postOne(stated: Cost, meta: Meta): Promise<Answer<unknown>> {
    const { events, version, marks } = await this.state.one(stated, meta);
    const recorded = events.length > 0;
    return new Answer(
      { id: costId(stated), outcome: recorded ? 'recorded' : 'already-recorded' },
      { status: recorded ? 201 : 200, version, marks },
    );
  }

  @Get()
  @ApiOperation({ summary: 'The costs that are stated now' })
  @ApiQuery({ name: 'branch', required: false })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
  })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false, description: 'A Readership-Position to wait for' })
  @ApiOkResponse({ schema: { type: 'object', example: { items: [costExample], nextCursor: null } } })
  async list(
    @Query('branch') branch?: string,
    @Query('limit') limit?: string,
    @Query('cursor') cursor?: string,
    @Query('after') after?: string,
  ): Promise<Answer<{ items: Cost[]; nextCursor: string | null }>> {
    await this.applied.until(after, { published: [model] });
    const page = {
      limit: listLimit(limit),
      ...(cursor === undefined ? {} : { after: this.cursors.open<{ after: string }>(cursor).after }),
    };
    const { rows, next } =
      branch === undefined
        ? await this.models.all<Cost>(model, page)
        : await this.models.find<Cost>(model, 'branch', { value: branch }, page);
    return new Answer({
      items: rows.map(({ row }) => row),
      nextCursor: next === null ? null : this.cursors.seal({ after: next }),
    });
  }
}

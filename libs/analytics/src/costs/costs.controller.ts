import { Body, Controller, Get, Inject, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  BranchQuery,
  Clock,
  json,
  linesOf,
  ListQuery,
  Lists,
  Needs,
  object,
  oneOf,
  outcomeOfLine,
  pageOf,
  Reaches,
  RequestMeta,
  schemaOf,
  Scopes,
  Takes,
  text,
  type ListAsked,
  type Listed,
  type Reach,
  type Schema,
} from '@readership/host';
import { modelId, Refusal, type Meta } from '@readership/kernel';
import { parseMonth } from '../metrics/periods.js';
import { costBody, costExample, parseCost, parseCostLines } from './cost-statements.js';
import { type Cost } from './cost.decider.js';
import { costsList, rangeOfCosts } from './costs-list.projection.js';
import { StateCosts } from './state-costs.js';

const model = modelId(costsList);

const costSchema: Schema = { title: 'Cost', ...schemaOf(costBody), example: costExample };
const statedSchema = object({ id: text, outcome: oneOf('recorded', 'already-recorded') });

interface Headed {
  header(name: string, value: string): unknown;
}

@ApiTags('costs')
@Controller('v1/costs')
export class CostsController {
  constructor(
    @Inject(StateCosts) private readonly state: StateCosts,
    @Inject(Lists) private readonly lists: Lists,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post()
  @Needs('costs.write')
  @ApiOperation({
    summary:
      'State what a branch spent in a month: one cost as JSON or many as NDJSON; a later statement replaces an earlier one',
  })
  @Takes({ 'application/json': costSchema, 'application/x-ndjson': linesOf(costSchema) })
  @Answers({
    200: {
      content: { 'application/json': statedSchema, 'application/x-ndjson': linesOf(outcomeOfLine) },
      headers: ['ETag?', 'Readership-Position'],
    },
    201: json(statedSchema, 'ETag', 'Readership-Position'),
  })
  async post(
    @Body() body: unknown,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
    @Res({ passthrough: true }) response: Headed,
  ): Promise<Answer<unknown>> {
    const now = this.clock.now();
    if (!Buffer.isBuffer(body)) return this.postOne(parseCost(body, now), meta, reaches);
    const { ndjson, marks } = await this.state.many(await parseCostLines(body, now), meta, reaches);
    response.header('content-type', 'application/x-ndjson');
    return new Answer(ndjson, { status: 200, marks });
  }

  private async postOne(stated: Cost, meta: Meta, reaches: readonly Reach[]): Promise<Answer<unknown>> {
    const { id, events, version, marks } = await this.state.one(stated, meta, reaches);
    const recorded = events.length > 0;
    return new Answer(
      { id, outcome: recorded ? 'recorded' : 'already-recorded' },
      { status: recorded ? 201 : 200, version, marks },
    );
  }

  @Get()
  @Needs('costs.read')
  @Answers({ 200: json(pageOf(costSchema)) })
  @ApiOperation({
    summary: 'The current costs by month, of a branch or of all, of months and of a category',
  })
  @ApiQuery({ name: 'from', required: false, description: 'The first month, such as 2024-01' })
  @ApiQuery({ name: 'to', required: false, description: 'The last month, such as 2024-12' })
  @ApiQuery({ name: 'category', required: false, description: 'In any of its spellings' })
  @BranchQuery()
  async list(
    @ListQuery() asked: ListAsked,
    @Reaches() reaches: readonly Reach[],
    @Query('branch') branch?: string,
    @Query('from') from?: string,
    @Query('to') to?: string,
    @Query('category') category?: string,
  ): Promise<Listed<Cost>> {
    await this.scopes.expectList(reaches, branch);
    if (from !== undefined) parseMonth(from, 'from');
    if (to !== undefined) parseMonth(to, 'to');
    if (from !== undefined && to !== undefined && from > to) {
      throw new Refusal('FROM_AFTER_TO', 'invalid', '`from` must not be after `to`.', '/from');
    }
    const by = rangeOfCosts({ branch, category, from, to });
    return this.lists.of({ model: { published: model }, by }, asked);
  }
}

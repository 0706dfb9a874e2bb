import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  AfterQuery,
  Answer,
  Answers,
  json,
  Needs,
  Sender,
  Unreadable,
  type Principal,
} from '@readership/host';
import { answersSchema, boardSchema, metricSchema } from './answer-schemas.js';
import { askerOf } from './asker.js';
import { metrics } from './definitions.js';
import { FiguresQuery, type Board, type MetricAnswer, type MetricAnswers } from './figures-query.js';
import { oneOf, type Parameters } from './parameters.js';
import { grains, TooManyPoints } from './periods.js';
import { MetricsQueryBody } from './query-body.js';

const scopeDescription =
  'consortium, library:<id>, branch:<id>, or several branches as one, branch:<id>,branch:<id>: the consortium, which is the default, or what the credential reaches';
const month = { type: 'string', example: '2024-03' } as const;

@ApiTags('metrics')
@Controller('v1/metrics')
@Needs('figures.read')
export class MetricsController {
  constructor(@Inject(FiguresQuery) private readonly query: FiguresQuery) {}

  @Get()
  @ApiOperation({ summary: 'The six figures of the board, each with its value a year earlier' })
  @ApiQuery({
    name: 'scope',
    type: String,
    required: false,
    example: 'consortium',
    description: scopeDescription,
  })
  @ApiQuery({
    name: 'to',
    required: false,
    schema: month,
    description: 'If absent: the last complete month',
  })
  @AfterQuery()
  @Answers({ 200: json(boardSchema), 404: 'There is no such scope.' })
  async board(@Query() asked: Parameters, @Sender() sender: Principal): Promise<Answer<Board>> {
    return new Answer(
      await this.query.board({
        scope: asked['scope'] ?? 'consortium',
        to: asked['to'],
        after: asked['after'],
        asker: askerOf(sender),
      }),
    );
  }

  @Get(':name')
  @ApiOperation({ summary: 'One metric of a scope, by period' })
  @ApiParam({ name: 'name', enum: Object.keys(metrics) })
  @ApiQuery({
    name: 'scope',
    type: String,
    required: false,
    description: scopeDescription,
  })
  @ApiQuery({
    name: 'from',
    required: false,
    schema: month,
    description: 'If absent: twelve months that end with `to`',
  })
  @ApiQuery({
    name: 'to',
    required: false,
    schema: month,
    description: 'If absent: the last complete month',
  })
  @ApiQuery({ name: 'grain', required: false, enum: grains })
  @ApiQuery({ name: 'year', required: false, enum: ['calendar', 'fiscal'] })
  @ApiQuery({ name: 'compare', required: false, enum: ['previous', 'year'] })
  @AfterQuery()
  @Answers({ 200: json(metricSchema), 404: 'There is no such metric or scope.' })
  async metric(
    @Param('name') name: string,
    @Query() asked: Parameters,
    @Sender() sender: Principal,
  ): Promise<Answer<MetricAnswer>> {
    const question = {
      scope: asked['scope'] ?? 'consortium',
      from: asked['from'],
      to: asked['to'],
      grain: oneOf(asked, 'grain', grains) ?? 'month',
      year: oneOf(asked, 'year', ['calendar', 'fiscal']) ?? 'calendar',
      compare: oneOf(asked, 'compare', ['previous', 'year']),
      after: asked['after'],
      asker: askerOf(sender),
    } as const;
    return new Answer(await withinPoints(this.query.metric(name, question)));
  }

  @Post('query')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Several metrics and scopes at once, read together: all are answered as of one time, or none',
  })
  @AfterQuery()
  @Answers({ 200: json(answersSchema), 404: 'There is no such scope.' })
  async several(
    @Body() { requests }: MetricsQueryBody,
    @Query() asked: Parameters,
    @Sender() sender: Principal,
  ): Promise<MetricAnswers> {
    const all = requests.map(
      ({ scope = 'consortium', grain = 'month', year = 'calendar', metric, from, to, compare }) => ({
        ...{ metric, scope, from, to, grain, year, compare },
      }),
    );
    return withinPoints(this.query.several(all, { after: asked['after'], asker: askerOf(sender) }));
  }
}

async function withinPoints<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TooManyPoints) throw new Unreadable('TOO_MANY_POINTS', error.message);
    throw error;
  }
}

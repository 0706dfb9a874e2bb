import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { AfterQuery, Answers, json, Needs, Sender, type Principal } from '@readership/host';
import { rankingSchema } from './answer-schemas.js';
import { metrics } from './definitions.js';
import { askerOf } from './asker.js';
import { oneOf, type Parameters } from './parameters.js';
import { RankingsQuery, type Ranking } from './rankings-query.js';

const members = ['branch', 'library'] as const;
const month = { type: 'string', example: '2024-03' } as const;

@ApiTags('metrics')
@Controller('v1/rankings')
@Needs('figures.read')
export class RankingsController {
  constructor(@Inject(RankingsQuery) private readonly query: RankingsQuery) {}

  @Get(':name')
  @ApiOperation({
    summary:
      'One metric of each branch or library, the best first; with the median of at least five others, when not all may be seen',
  })
  @ApiParam({ name: 'name', enum: Object.keys(metrics) })
  @ApiQuery({
    name: 'among',
    required: false,
    schema: { type: 'string', default: 'consortium', example: 'library:CITY' },
    description: 'consortium, or library:<id> for whoever reaches it or one of its branches',
  })
  @ApiQuery({
    name: 'by',
    required: false,
    schema: { type: 'string', enum: [...members], default: 'branch' },
    description: 'Libraries are compared among the consortium only',
  })
  @ApiQuery({
    name: 'from',
    required: false,
    schema: month,
    description: 'The first month; to `to` it must be one month, three or twelve. If absent: twelve',
  })
  @ApiQuery({
    name: 'to',
    required: false,
    schema: month,
    description: 'The last month. If absent: the last complete one',
  })
  @AfterQuery()
  @Answers({ 200: json(rankingSchema), 404: 'There is no such metric or scope.' })
  ranking(
    @Param('name') name: string,
    @Query() asked: Parameters,
    @Sender() sender: Principal,
  ): Promise<Ranking> {
    return this.query.ranking(name, {
      among: asked['among'] ?? 'consortium',
      by: oneOf(asked, 'by', members) ?? 'branch',
      from: asked['from'],
      to: asked['to'],
      after: asked['after'],
      asker: askerOf(sender),
    });
  }
}

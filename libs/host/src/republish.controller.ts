import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { republish, type Meta, type Republished } from '@readership/kernel';
import { IsInt, Max, Min } from 'class-validator';
import { Optional } from './text-fields.js';
import { Contexts, mustHavePartition } from './contexts.js';
import { Answers, json } from './openapi-answers.js';
import { integer, listOf, object } from './openapi-schemas.js';
import { earlierOperation, recordOperation, type FactsRepublished } from './operations.js';
import { RequestMeta } from './request.js';
import { Needs } from './routes.js';

class RepublishBody {
  @ApiProperty({ example: 3 })
  @IsInt()
  @Min(0)
  @Max(1023)
  partition!: number;

  @ApiProperty({
    required: false,
    type: Number,
    description: 'The first position to publish again; if absent, the first that the log lacks.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  from?: number;
}

/** How far a context has published in a partition. */
interface LaneStatus {
  readonly partition: number;
  /** Everything up to this position was read, and published if it has a fact. */
  readonly published: number;
  /** The last position of the partition. */
  readonly end: number;
}

/** Publishes facts again from a context's own store, for a log that has lost records. */
@ApiTags('operations')
@Controller('v1/republish')
export class RepublishController {
  constructor(@Inject(Contexts) private readonly contexts: Contexts) {}

  @Get()
  @Needs('operations.read')
  @Answers({
    200: json(object({ items: listOf(object({ partition: integer, published: integer, end: integer })) })),
    404: 'No context with this name runs here.',
  })
  @ApiOperation({ summary: 'How far a context has published, by partition' })
  @ApiQuery({ name: 'context', type: String, required: true, example: 'interaction-log' })
  async list(@Query('context') name: string | undefined): Promise<{ readonly items: readonly LaneStatus[] }> {
    const { name: context, store, log } = this.contexts.asked(name);
    const items: LaneStatus[] = [];
    for (let partition = 0; partition < store.partitions; partition++) {
      const { scanned } = await log.lane(context, partition);
      items.push({ partition, published: scanned, end: await store.end(partition) });
    }
    return { items };
  }

  @Post()
  @Needs('operations.write')
  @HttpCode(200)
  @ApiOperation({ summary: 'Publish facts of a partition again, at the same positions' })
  @ApiQuery({ name: 'context', type: String, required: true })
  @Answers({
    200: json(object({ after: integer, through: integer })),
    404: 'No context or partition with this name runs here.',
    409: 'The log is ahead of the store.',
  })
  async republish(
    @Query('context') name: string | undefined,
    @Body() { partition, from }: RepublishBody,
    @RequestMeta() meta: Meta,
  ): Promise<Republished> {
    const context = this.contexts.asked(name);
    mustHavePartition(context, partition);
    const earlier = await earlierOperation<FactsRepublished>(context.store, meta);
    if (earlier !== null) return { after: earlier.after, through: earlier.through };
    const done = await republish(context, partition, from ?? 'missing');
    if (done.after !== done.through) {
      const data = { partition, ...done };
      await recordOperation(context.store, { type: 'FactsRepublished', data }, meta);
    }
    return done;
  }
}

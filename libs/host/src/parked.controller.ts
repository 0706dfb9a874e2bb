import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Refusal, type Meta, type Parked } from '@readership/kernel';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { Contexts, mustHavePartition, type ContextStatus } from './contexts.js';
import { Cursors, listLimit, PageQuery } from './lists.js';
import { Answers, json } from './openapi-answers.js';
import { integer, object, orNull, pageOf, resource, text } from './openapi-schemas.js';
import {
  earlierOperation,
  recordOperation,
  type ParkedDiscarded,
  type ParkedReplayed,
} from './operations.js';
import { RequestMeta } from './request.js';
import { Needs } from './routes.js';

/** Names the parked records of one key, in one partition of one read model or reaction. */
class ParkedKeyBody {
  @ApiProperty({ example: 'reader-activity.v1' })
  @IsString()
  @Length(1, 200)
  model!: string;

  @ApiProperty({ example: 3 })
  @IsInt()
  @Min(0)
  @Max(1023)
  partition!: number;

  @ApiProperty({ description: 'The key of the records as listed; it is a pseudonym.' })
  @IsString()
  @Length(1, 1000)
  key!: string;
}

/** Also names the record, because without the offset a repeated request would give up the next record. */
class ParkedRecordBody extends ParkedKeyBody {
  @ApiProperty({ description: 'The offset of the first parked record of the key, as listed.', example: 117 })
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  offset!: number;
}

/** A record that could not be applied, or that waits behind one. Its content is not shown. */
interface ParkedItem {
  readonly model: string;
  readonly partition: number;
  readonly key: string;
  readonly offset: number;
  readonly from: string;
  readonly type: string;
  readonly reason: string;
}

const parkedSchema = resource('ParkedRecord', {
  model: text,
  partition: integer,
  key: text,
  offset: integer,
  from: text,
  type: text,
  reason: text,
});

/** A position in the list of parked records. */
interface Place {
  readonly at: number;
  readonly after: number;
}

/** Lists parked records, replays them once they can be applied, or gives them up. */
@ApiTags('operations')
@Controller('v1/parked')
export class ParkedController {
  constructor(
    @Inject(Contexts) private readonly contexts: Contexts,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Get()
  @Needs('operations.read')
  @Answers({ 200: json(pageOf(parkedSchema)), 404: 'No context with this name runs here.' })
  @ApiOperation({ summary: 'Records that a context parked, and the later records of their keys' })
  @ApiQuery({ name: 'context', type: String, required: true, example: 'analytics' })
  @PageQuery()
  async list(
    @Query('context') name: string | undefined,
    @Query('limit') rawLimit: string | undefined,
    @Query('cursor') cursor: string | undefined,
  ): Promise<{ readonly items: readonly ParkedItem[]; readonly nextCursor: string | null }> {
    const context = this.contexts.asked(name);
    const limit = listLimit(rawLimit);
    const list = `parked ${context.name}`;
    const lanes = [...context.publishedIds, ...context.ownIds]
      .sort()
      .flatMap((model) =>
        Array.from({ length: context.store.partitions }, (_, partition) => ({ model, partition })),
      );
    const items: ParkedItem[] = [];
    let { at, after }: Place =
      cursor === undefined ? { at: 0, after: 0 } : this.cursors.open<Place>(cursor, list);
    for (; at < lanes.length; at++, after = 0) {
      const { model, partition } = lanes[at]!;
      const found = await context.models.parked(model, partition, { after, limit: limit - items.length + 1 });
      for (const { key, offset, context: from, type, reason } of found) {
        if (items.length === limit) return { items, nextCursor: this.cursors.seal({ at, after }, list) };
        items.push({ model, partition, key, offset, from, type, reason });
        after = offset;
      }
    }
    return { items, nextCursor: null };
  }

  @Post('replay')
  @Needs('operations.write')
  @HttpCode(200)
  @Answers({
    200: json(object({ replayed: { ...integer, description: 'Records that were applied.' } })),
    404: 'No context, read model or partition with this name runs here.',
    409: 'A record still cannot be applied.',
  })
  @ApiOperation({ summary: 'Apply the parked records of a key, in order' })
  @ApiQuery({ name: 'context', type: String, required: true })
  async replay(
    @Query('context') name: string | undefined,
    @Body() { model, partition, key }: ParkedKeyBody,
    @RequestMeta() meta: Meta,
  ): Promise<{ readonly replayed: number }> {
    const context = this.contexts.asked(name);
    const done = await earlierOperation<ParkedReplayed>(context.store, meta);
    if (done !== null) return { replayed: done.records };
    const replayed = await context.replay(known(context, model, partition), partition, key);
    if (replayed > 0) {
      const data = { model, partition, key, records: replayed };
      await recordOperation(context.store, { type: 'ParkedReplayed', data }, meta);
    }
    return { replayed };
  }

  @Post('discard')
  @Needs('operations.write')
  @HttpCode(200)
  @ApiOperation({ summary: 'Discard the first parked record of a key; it is never applied' })
  @ApiQuery({ name: 'context', type: String, required: true })
  @Answers({
    200: json(
      object({
        discarded: { ...orNull(integer), description: 'The offset; `null` if it is not parked any more.' },
      }),
    ),
    404: 'No context, read model or partition with this name runs here.',
    409: 'It waits behind another record, which is named (`NOT_FIRST_PARKED`).',
  })
  async discard(
    @Query('context') name: string | undefined,
    @Body() { model, partition, key, offset }: ParkedRecordBody,
    @RequestMeta() meta: Meta,
  ): Promise<{ readonly discarded: number | null }> {
    const context = this.contexts.asked(name);
    const recorded = await earlierOperation<ParkedDiscarded>(context.store, meta);
    // It is recorded first, so that nothing is lost without a trace; the request that is repeated after a crash does the rest.
    const record = async ({ type }: Parked): Promise<void> => {
      if (recorded !== null) return;
      const data = { model, partition, key, offset, type };
      await recordOperation(context.store, { type: 'ParkedDiscarded', data }, meta);
    };
    const given = await context.discard(known(context, model, partition), partition, key, offset, record);
    return { discarded: given !== null || recorded !== null ? offset : null };
  }
}

function known(context: ContextStatus, model: string, partition: number): string {
  if (!context.publishedIds.has(model) && !context.ownIds.has(model)) {
    throw new Refusal('UNKNOWN_MODEL', 'unknown', 'No read model with this name runs here.', '/model');
  }
  mustHavePartition(context, partition);
  return model;
}

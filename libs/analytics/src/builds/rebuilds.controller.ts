import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Answer, Answers, json, Needs, Optional, pageOf, RequestMeta } from '@readership/host';
import { Refusal, type Meta } from '@readership/kernel';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { figureNames, type FigureName } from './builds.events.js';
import { rebuildSchema } from './rebuild-schemas.js';
import { Rebuilds, type Rebuild } from './rebuilds.js';

/** Names the read model that is built anew. */
class RebuildBody {
  @ApiProperty({ enum: figureNames })
  @IsIn(figureNames)
  model!: FigureName;

  @ApiPropertyOptional({ description: 'The version to build; if absent, the newest of this release.' })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  version?: number;
}

const context = { name: 'context', type: String, required: true, example: 'analytics' } as const;

/** Builds a read model anew beside the live one, compares the two, and can switch to the new one. */
@ApiTags('operations')
@Controller('v1/rebuilds')
export class RebuildsController {
  constructor(@Inject(Rebuilds) private readonly rebuilds: Rebuilds) {}

  @Post()
  @Needs('operations.write')
  @ApiOperation({ summary: 'Build a read model again from the log, beside the one that serves' })
  @ApiQuery(context)
  @Answers({
    201: json(rebuildSchema, 'Location'),
    404: 'Only the read models of analytics can be rebuilt.',
    409: 'Another rebuild is under way.',
  })
  async begin(
    @Query('context') name: string | undefined,
    @Body() { model, version }: RebuildBody,
    @RequestMeta() meta: Meta,
  ): Promise<Answer<Rebuild>> {
    mustBeOurs(name);
    const begun = await this.rebuilds.begin(model, version, meta);
    return new Answer(begun, { status: 201, location: `/v1/rebuilds/${begun.id}?context=analytics` });
  }

  @Get()
  @Needs('operations.read')
  @ApiOperation({ summary: 'The rebuild under way, and the latest ones that have ended' })
  @ApiQuery(context)
  @Answers({ 200: json(pageOf(rebuildSchema)), 404: 'Only the read models of analytics can be rebuilt.' })
  async list(
    @Query('context') name: string | undefined,
  ): Promise<{ readonly items: readonly Rebuild[]; readonly nextCursor: null }> {
    mustBeOurs(name);
    return { items: await this.rebuilds.list(), nextCursor: null };
  }

  @Get(':id')
  @Needs('operations.read')
  @Answers({ 200: json(rebuildSchema) })
  @ApiOperation({ summary: 'One rebuild' })
  @ApiQuery(context)
  async one(@Query('context') name: string | undefined, @Param('id') id: string): Promise<Rebuild> {
    mustBeOurs(name);
    const found = (await this.rebuilds.list()).find((one) => one.id === Number(id));
    if (!found) throw new Refusal('UNKNOWN_REBUILD', 'unknown', 'There is no rebuild with this id.');
    return found;
  }

  @Post(':id/switch')
  @Needs('operations.write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Let the rebuilt version serve, whatever the comparison found, and drop the live one',
  })
  @ApiQuery(context)
  @Answers({ 200: json(rebuildSchema), 409: 'It is not compared yet.' })
  async switchTo(
    @Query('context') name: string | undefined,
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
  ): Promise<Rebuild> {
    mustBeOurs(name);
    return this.rebuilds.switchTo(Number(id), meta);
  }

  @Post(':id/abandon')
  @Needs('operations.write')
  @HttpCode(200)
  @Answers({ 200: json(rebuildSchema) })
  @ApiOperation({ summary: 'Drop the rebuilt version; the live one keeps serving' })
  @ApiQuery(context)
  async abandon(
    @Query('context') name: string | undefined,
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
  ): Promise<Rebuild> {
    mustBeOurs(name);
    return this.rebuilds.abandon(Number(id), meta);
  }
}

function mustBeOurs(name: string | undefined): void {
  if (name === undefined) {
    throw new Refusal('CONTEXT_REQUIRED', 'invalid', 'Name the context: ?context=analytics.');
  }
  if (name !== 'analytics') {
    throw new Refusal('NO_REBUILDS', 'unknown', 'Only the read models of analytics can be rebuilt.');
  }
}

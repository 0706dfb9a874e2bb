import { Body, Controller, Get, HttpCode, Inject, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  changeOf,
  IfMatch,
  json,
  ListQuery,
  Lists,
  NameQuery,
  Needs,
  pageOf,
  RequestMeta,
  type Grant,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, handle, modelId, Refusal, type Meta } from '@readership/kernel';
import { KnownBranches } from '../directory/known-branches.js';
import { KnownLibraries } from '../directory/known-libraries.js';
import { SourceBody, SourceNameBody } from './source-bodies.js';
import { listedSourceSchema, sourceSchema } from './source-schemas.js';
import { grantsOf, source, unknownSource, type KnownSource, type SourceCommand } from './source.decider.js';
import { sourcesList, type ListedSource } from './sources-list.projection.js';
import { sourceId } from './sources.js';

interface SourceView extends Pick<KnownSource, 'source' | 'status' | 'libraries' | 'branches'> {
  /** By which its records are judged. */
  readonly grants: readonly Grant[];
}
type ListedView = ListedSource & Pick<SourceView, 'grants'>;

const model = modelId(sourcesList);

/** Manages which branches a system that sends by topic may speak for. */
@ApiTags('sources')
@Controller('v1/sources')
export class SourcesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(KnownBranches) private readonly branches: KnownBranches,
    @Inject(KnownLibraries) private readonly libraries: KnownLibraries,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  @Put()
  @Needs('operations.write')
  @Answers(changeOf(sourceSchema))
  @ApiOperation({ summary: 'Say which branches a source may send for; this replaces the earlier list' })
  async allow(
    @Body() body: SourceBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<SourceView>> {
    const { source: name, libraries = [], branches = [] } = body;
    await expectKnown(this.libraries, libraries, 'UNKNOWN_LIBRARY', '/libraries');
    await expectKnown(this.branches, branches, 'UNKNOWN_BRANCH', '/branches');
    return this.tell(name, { type: 'AllowSource', source: name, libraries, branches }, meta, ifVersions);
  }

  @Post('revoke')
  @Needs('operations.write')
  @HttpCode(200)
  @Answers({ ...changeOf(sourceSchema), 404: 'There is no such source.' })
  @ApiOperation({ summary: 'Revoke a source; records that it sends from now on are parked' })
  async revoke(
    @Body() body: SourceNameBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<SourceView>> {
    return this.tell(body.source, { type: 'RevokeSource' }, meta, ifVersions);
  }

  @Get()
  @Needs('operations.read')
  @Answers({ 200: json(pageOf(listedSourceSchema)) })
  @ApiOperation({
    summary: 'The sources that may send for a branch, or those found by name, ordered by name',
  })
  @NameQuery('the name')
  async list(@ListQuery() asked: ListAsked, @Query('q') q?: string): Promise<Listed<ListedView>> {
    const namesOf = (row: ListedSource) => [row.source] as const;
    const { items, nextCursor } = await this.lists.named({ own: model, index: 'source', q, namesOf }, asked);
    return {
      items: items.map((row) => ({ ...row, grants: grantsOf({ ...row, status: 'allowed' }) })),
      nextCursor,
    };
  }

  private async tell(
    name: string,
    command: SourceCommand,
    meta: Meta,
    ifVersions: readonly number[] | undefined,
  ): Promise<Answer<SourceView>> {
    const { state, version, marks } = await handle(
      this.store,
      source,
      sourceId(name),
      command,
      meta,
      ifVersions,
    );
    if (state.status === 'unknown') throw unknownSource();
    const { status, libraries, branches } = state;
    const view = { source: state.source, status, libraries, branches, grants: grantsOf(state) };
    return new Answer(view, { status: 200, version, marks });
  }
}

/** Throws for unknown ids, because a misspelt id would silently allow nothing. */
async function expectKnown(
  places: KnownBranches | KnownLibraries,
  ids: readonly string[],
  code: 'UNKNOWN_LIBRARY' | 'UNKNOWN_BRANCH',
  pointer: string,
): Promise<void> {
  if ((await places.unknown()(ids)).size === 0) return;
  throw new Refusal(
    code,
    'invalid',
    'One of these ids does not exist: add the library or branch first.',
    pointer,
  );
}

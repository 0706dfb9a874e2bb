import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Answer, AppliedWait, Cursors, IfMatch, listLimit, RequestMeta } from '@readership/host';
import { EventStore, fold, handle, modelId, ReadModels, type Meta } from '@readership/kernel';
import { LibraryBody, LibraryChangeBody } from './directory-bodies.js';
import { libraries, type LibraryRow } from './directory.projection.js';
import { library, unknownLibrary, type Library, type LibraryCommand } from './library.decider.js';

const model = modelId(libraries);

@ApiTags('directory')
@Controller('v1/libraries')
export class LibrariesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Add a library; the same again changes nothing' })
  add(@Body() { id, name }: LibraryBody, @RequestMeta() meta: Meta): Promise<Answer<LibraryRow>> {
    return this.answer(id, { type: 'AddLibrary', id, name }, meta);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Rename a library' })
  rename(
    @Param('id') id: string,
    @Body() { name }: LibraryChangeBody,
    @RequestMeta() meta: Meta,
    @IfMatch({ required: true }) ifVersion: number | undefined,
  ): Promise<Answer<LibraryRow>> {
    return this.answer(
      id,
      { type: 'RenameLibrary', ...(name === undefined ? {} : { name }) },
      meta,
      ifVersion,
    );
  }

  @Get()
  @ApiOperation({ summary: 'The libraries by id' })
  @ApiQuery({ name: 'limit', required: false })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false })
  async list(
    @Query('limit') limit?: string,
    @Query('cursor') cursor?: string,
    @Query('after') after?: string,
  ): Promise<{ items: LibraryRow[]; nextCursor: string | null }> {
    await this.applied.until(after, { own: [model] });
    const { rows, next } = await this.models.find<LibraryRow>(
      model,
      'id',
      { prefix: '' },
      {
        limit: listLimit(limit),
        ...(cursor === undefined ? {} : this.cursors.open<{ after: string }>(cursor)),
      },
    );
    return {
      items: rows.map(({ row }) => row),
      nextCursor: next === null ? null : this.cursors.seal({ after: next }),
    };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One library' })
  async one(@Param('id') id: string): Promise<Answer<LibraryRow>> {
    const { state, version } = await fold(this.store, library, id);
    if (state === null) throw unknownLibrary();
    return new Answer(rowOf(state), { version });
  }

  private async answer(
    id: string,
    command: LibraryCommand,
    meta: Meta,
    ifVersion?: number,
  ): Promise<Answer<LibraryRow>> {
    const { state, version, events, marks } = await handle(this.store, library, id, command, meta, ifVersion);
    const added = events[0]?.type === 'LibraryAdded';
    return new Answer(rowOf(state!), {
      version,
      marks,
      status: added ? 201 : 200,
      ...(added ? { location: `/v1/libraries/${id}` } : {}),
    });
  }
}

function rowOf({ id, name }: Library): LibraryRow {
  return { id, name };
}

import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  changeOf,
  IfMatch,
  json,
  ListQuery,
  Lists,
  makingOf,
  NameQuery,
  Needs,
  pageOf,
  readOf,
  RequestMeta,
  written,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, fold, handle, modelId, type Meta } from '@readership/kernel';
import { LibraryBody, LibraryChangeBody } from './directory-bodies.js';
import { librarySchema } from './directory-schemas.js';
import { libraries, type LibraryRow } from './directory.projection.js';
import { library, unknownLibrary, type Library, type LibraryCommand } from './library.decider.js';

const model = modelId(libraries);

@ApiTags('directory')
@Controller('v1/libraries')
export class LibrariesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  @Post()
  @Needs('directory.write')
  @Answers({ ...makingOf(librarySchema), 409: 'Another library has this id.' })
  @ApiOperation({ summary: 'Add a library; the same request again changes nothing' })
  add(@Body() { id, name }: LibraryBody, @RequestMeta() meta: Meta): Promise<Answer<LibraryRow>> {
    return this.answer(id, { type: 'AddLibrary', id, name }, meta);
  }

  @Patch(':id')
  @Needs('directory.write')
  @Answers(changeOf(librarySchema))
  @ApiOperation({ summary: 'Rename a library' })
  rename(
    @Param('id') id: string,
    @Body() body: LibraryChangeBody,
    @RequestMeta() meta: Meta,
    @IfMatch({ required: true }) ifVersions: readonly number[] | undefined,
  ): Promise<Answer<LibraryRow>> {
    return this.answer(id, { type: 'RenameLibrary', ...body }, meta, ifVersions);
  }

  @Get()
  @Needs('directory.read')
  @Answers({ 200: json(pageOf(librarySchema)) })
  @ApiOperation({ summary: 'All libraries, or those found by name or id, ordered by id' })
  @NameQuery('the name or id')
  async list(@ListQuery() asked: ListAsked, @Query('q') q?: string): Promise<Listed<LibraryRow>> {
    const namesOf = (row: LibraryRow) => [row.id, row.name] as const;
    return this.lists.named({ own: model, index: 'id', q, namesOf }, asked);
  }

  @Get(':id')
  @Needs('directory.read')
  @Answers(readOf(librarySchema))
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
    ifVersions?: readonly number[],
  ): Promise<Answer<LibraryRow>> {
    const handled = await handle(this.store, library, id, command, meta, ifVersions);
    return written(rowOf(handled.state!), handled, `/v1/libraries/${id}`);
  }
}

function rowOf({ id, name }: Library): LibraryRow {
  return { id, name };
}

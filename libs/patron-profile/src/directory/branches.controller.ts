import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  changeOf,
  IfMatch,
  json,
  ListQuery,
  Lists,
  makingOf,
  Needs,
  pageOf,
  readOf,
  RequestMeta,
  written,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, fold, handle, modelId, type Meta } from '@readership/kernel';
import { branch, unknownBranch, type BranchCommand, type BranchDetails } from './branch.decider.js';
import { BranchBody, BranchChangeBody } from './directory-bodies.js';
import { branchSchema } from './directory-schemas.js';
import { ConsortiumDirectory } from './directory.js';
import { branches } from './directory.projection.js';

const model = modelId(branches);

@ApiTags('directory')
@Controller('v1/branches')
export class BranchesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  @Post()
  @Needs('directory.write')
  @Answers({ ...makingOf(branchSchema), 409: 'Another branch has this id.' })
  @ApiOperation({ summary: 'Add a branch of a library; the same request again changes nothing' })
  async add(@Body() body: BranchBody, @RequestMeta() meta: Meta): Promise<Answer<BranchDetails>> {
    const { id, name, library, timeZone, population } = body;
    await this.directory.expectLibrary(library);
    const details = { id, name, library, timeZone, ...(population ? { population } : {}) };
    return this.answer(id, { type: 'AddBranch', branch: details }, meta);
  }

  @Patch(':id')
  @Needs('directory.write')
  @Answers(changeOf(branchSchema))
  @ApiOperation({ summary: 'Change a branch: its name, library, time zone, population or last day' })
  async change(
    @Param('id') id: string,
    @Body() { name, library, timeZone, population, populationSince, closedOn }: BranchChangeBody,
    @RequestMeta() meta: Meta,
    @IfMatch({ required: true }) ifVersions: readonly number[] | undefined,
  ): Promise<Answer<BranchDetails>> {
    if (library !== undefined) await this.directory.expectLibrary(library);
    const command: BranchCommand = {
      type: 'ChangeBranch',
      ...(name === undefined ? {} : { name }),
      ...(library === undefined ? {} : { library }),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(population === undefined
        ? {}
        : { population: { people: population, since: populationSince ?? meta.at.slice(0, 10) } }),
      ...(closedOn === undefined ? {} : { closedOn }),
    };
    return this.answer(id, command, meta, ifVersions);
  }

  @Get()
  @Needs('directory.read')
  @Answers({ 200: json(pageOf(branchSchema)) })
  @ApiOperation({ summary: 'The branches of all libraries or of one, ordered by id' })
  @ApiQuery({ name: 'library', required: false })
  list(@ListQuery() asked: ListAsked, @Query('library') library?: string): Promise<Listed<BranchDetails>> {
    const by = library === undefined ? { index: 'id', prefix: '' } : { index: 'library', value: library };
    return this.lists.of({ model: { own: model }, by }, asked);
  }

  @Get(':id')
  @Needs('directory.read')
  @Answers(readOf(branchSchema))
  @ApiOperation({ summary: 'One branch' })
  async one(@Param('id') id: string): Promise<Answer<BranchDetails>> {
    const { state, version } = await fold(this.store, branch, id);
    if (state === null) throw unknownBranch();
    return new Answer(state.now, { version });
  }

  private async answer(
    id: string,
    command: BranchCommand,
    meta: Meta,
    ifVersions?: readonly number[],
  ): Promise<Answer<BranchDetails>> {
    const handled = await handle(this.store, branch, id, command, meta, ifVersions);
    return written(handled.state!.now, handled, `/v1/branches/${id}`);
  }
}

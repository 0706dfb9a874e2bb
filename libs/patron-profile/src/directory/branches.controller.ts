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
  NameQuery,
  Needs,
  pageOf,
  readOf,
  reachesOf,
  RequestMeta,
  Sender,
  written,
  type ListAsked,
  type Listed,
  type Principal,
} from '@readership/host';
import { EventStore, fold, handle, modelId, type Meta } from '@readership/kernel';
import { TransferGrants, type GrantsOfTransfer } from '../api-keys/transfer-grants.js';
import { branch, unknownBranch, type BranchCommand, type BranchDetails } from './branch.decider.js';
import { BranchBody, BranchChangeBody } from './directory-bodies.js';
import { branchSchema, changedBranchSchema } from './directory-schemas.js';
import { ConsortiumDirectory } from './directory.js';
import { branches } from './directory.projection.js';

const model = modelId(branches);

/** A branch as it is after a change. After a transfer, it says which grants of API keys that concerns. */
interface ChangedBranch extends BranchDetails {
  readonly grants?: GrantsOfTransfer;
}

@ApiTags('directory')
@Controller('v1/branches')
export class BranchesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(TransferGrants) private readonly transfers: TransferGrants,
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
    const handled = await handle(this.store, branch, id, { type: 'AddBranch', branch: details }, meta);
    return written(handled.state!.now, handled, `/v1/branches/${id}`);
  }

  @Patch(':id')
  @Needs('directory.write')
  @Answers(changeOf(changedBranchSchema))
  @ApiOperation({ summary: 'Change a branch: its name, library, time zone, population or last day' })
  async change(
    @Param('id') id: string,
    @Body() { name, library, timeZone, population, populationSince, closedOn }: BranchChangeBody,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @IfMatch({ required: true }) ifVersions: readonly number[] | undefined,
  ): Promise<Answer<ChangedBranch>> {
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
    const showsGrants = library !== undefined && reachesOf(sender.grants, 'keys.manage').length > 0;
    const grantsOf = showsGrants ? await this.transfers.read() : null;
    const handled = await handle(this.store, branch, id, command, meta, ifVersions);
    const { version, events } = handled;
    const now = handled.state!.now;
    if (grantsOf === null || !events.some(({ type }) => type === 'BranchTransferred'))
      return written(now, handled, `/v1/branches/${id}`);
    const from = await this.libraryAt(id, version - events.length);
    return written({ ...now, grants: grantsOf(id, from, now.library) }, handled, `/v1/branches/${id}`);
  }

  @Get()
  @Needs('directory.read')
  @Answers({ 200: json(pageOf(branchSchema)) })
  @ApiOperation({
    summary: 'The branches of all libraries or of one, or those found by name or id, ordered by id',
  })
  @ApiQuery({ name: 'library', required: false })
  @NameQuery('the name or id')
  async list(
    @ListQuery() asked: ListAsked,
    @Query('library') library?: string,
    @Query('q') q?: string,
  ): Promise<Listed<BranchDetails>> {
    if (q === undefined && library !== undefined) {
      return this.lists.of({ model: { own: model }, by: { index: 'library', value: library } }, asked);
    }
    const namesOf = (row: BranchDetails) => [row.id, row.name] as const;
    return this.lists.named({ own: model, index: 'id', q, namesOf, where: { library } }, asked);
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

  /** The library that a branch belonged to at a version of its stream. */
  private async libraryAt(id: string, version: number): Promise<string> {
    let library = '';
    await fold(this.store, branch, id, (event, after) => {
      if (event.version <= version) library = after!.now.library;
    });
    return library;
  }
}

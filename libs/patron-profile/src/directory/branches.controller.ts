import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Answer, AppliedWait, Cursors, IfMatch, listLimit, RequestMeta } from '@readership/host';
import { EventStore, fold, handle, modelId, ReadModels, type Meta } from '@readership/kernel';
import { branch, unknownBranch, type BranchCommand, type BranchDetails } from './branch.decider.js';
import { BranchBody, BranchChangeBody } from './directory-bodies.js';
import { Directory } from './directory.js';
import { branches } from './directory.projection.js';

const model = modelId(branches);

@ApiTags('directory')
@Controller('v1/branches')
export class BranchesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Add a branch of a library; the same again changes nothing' })
  async add(@Body() body: BranchBody, @RequestMeta() meta: Meta): Promise<Answer<BranchDetails>> {
    const { id, name, library, timeZone, population } = body;
    await this.directory.expectLibrary(library);
    const details = { id, name, library, timeZone, ...(population ? { population } : {}) };
    return this.answer(id, { type: 'AddBranch', branch: details }, meta);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a branch: its name, library, time zone or population' })
  async change(
    @Param('id') id: string,
    @Body() { name, library, timeZone, population, populationSince }: BranchChangeBody,
    @RequestMeta() meta: Meta,
    @IfMatch({ required: true }) ifVersion: number | undefined,
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
    };
    return this.answer(id, command, meta, ifVersion);
  }

  @Get()
  @ApiOperation({ summary: 'The branches by id, of all libraries or of one' })
  @ApiQuery({ name: 'library', required: false })
  @ApiQuery({ name: 'limit', required: false })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiQuery({ name: 'after', required: false })
  async list(
    @Query('library') library?: string,
    @Query('limit') limit?: string,
    @Query('cursor') cursor?: string,
    @Query('after') after?: string,
  ): Promise<{ items: BranchDetails[]; nextCursor: string | null }> {
    await this.applied.until(after, { own: [model] });
    const [index, by] = library === undefined ? ['id', { prefix: '' }] : ['library', { value: library }];
    const { rows, next } = await this.models.find<BranchDetails>(
      model,
      index as string,
      by as { value: string },
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
    ifVersion?: number,
  ): Promise<Answer<BranchDetails>> {
    const { state, version, events, marks } = await handle(this.store, branch, id, command, meta, ifVersion);
    const added = events[0]?.type === 'BranchAdded';
    return new Answer(state!.now, {
      version,
      marks,
      status: added ? 201 : 200,
      ...(added ? { location: `/v1/branches/${id}` } : {}),
    });
  }
}

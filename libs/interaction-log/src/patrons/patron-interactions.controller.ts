import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { interactionKinds, type InteractionKind } from '@readership/contracts';
import {
  Accesses,
  Answers,
  branchScope,
  json,
  ListQuery,
  Needs,
  pageOf,
  Reaches,
  Reading,
  Scopes,
  type ListAsked,
  type Listed,
  type Reach,
  type Reader,
} from '@readership/host';
import { Refusal } from '@readership/kernel';
import { instantOf } from '../ingest/instant.js';
import { interactionSchema } from '../ingest/interaction-schemas.js';
import type { InteractionView } from '../interaction-view.js';
import { PatronInteractions } from './patron-interactions.js';

const kinds: readonly string[] = interactionKinds;

@ApiTags('interactions')
@Controller('v1/patrons/:id/interactions')
export class PatronInteractionsController {
  constructor(
    @Inject(PatronInteractions) private readonly interactions: PatronInteractions,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Accesses) private readonly accesses: Accesses,
  ) {}

  @Get()
  @Needs('interactions.read')
  @Answers({ 200: json(pageOf(interactionSchema)), 404: 'This cannot be the id of a patron.' })
  @ApiOperation({
    summary:
      'The interactions of a patron, newest first; a page may have fewer than the limit before the last',
  })
  @ApiQuery({ name: 'kind', required: false, enum: interactionKinds })
  @ApiQuery({ name: 'branch', type: String, required: false, description: 'Where they happened' })
  @ApiQuery({
    name: 'from',
    required: false,
    schema: { type: 'string', format: 'date-time' },
    description: 'The first instant, such as 2024-03-01T00:00:00Z',
  })
  @ApiQuery({
    name: 'to',
    required: false,
    schema: { type: 'string', format: 'date-time' },
    description: 'The first instant that is not included',
  })
  async newestFirst(
    @Param('id') id: string,
    @Query('kind') kind: string | undefined,
    @Query('branch') branch: string | undefined,
    @Query('from') first: string | undefined,
    @Query('to') last: string | undefined,
    @ListQuery() asked: ListAsked,
    @Reaches() reaches: readonly Reach[],
    @Reading('service') reader: Reader,
  ): Promise<Listed<InteractionView>> {
    if (branch !== undefined) await this.scopes.expect(reaches, branchScope(branch));
    const [from, to] = [instantIn(first, 'from'), instantIn(last, 'to')];
    if (from !== undefined && to !== undefined && from > to) {
      throw new Refusal('FROM_AFTER_TO', 'invalid', '`from` must not be after `to`.', '/from');
    }
    const which = { kind: knownKind(kind), branch, from, to };
    const page = await this.interactions.newestFirst(id, which, asked, reaches);
    // Who was shown nothing has still learnt that there is nothing.
    await this.accesses.record(reader, 'interactions', [id]);
    return page;
  }
}

function knownKind(kind: string | undefined): InteractionKind | undefined {
  if (kind === undefined || kinds.includes(kind)) return kind as InteractionKind | undefined;
  throw new Refusal('UNKNOWN_KIND', 'invalid', `Give a kind: ${kinds.join(', ')}.`, '/kind');
}

/** The instant of a query parameter. It may lie in the future, which ends nothing too early. */
function instantIn(text: string | undefined, parameter: 'from' | 'to'): string | undefined {
  if (text === undefined) return undefined;
  const when = instantOf(text, Number.MAX_SAFE_INTEGER);
  if (typeof when === 'object') return when.instant;
  const detail = `Give \`${parameter}\` as an instant from 1900 on, such as 2024-03-01T00:00:00Z.`;
  throw new Refusal('BAD_TIME', 'invalid', detail, `/${parameter}`);
}

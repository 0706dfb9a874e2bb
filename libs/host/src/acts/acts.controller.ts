import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { modelId, Refusal, type Stored } from '@readership/kernel';
import { Clock } from '../clock.js';
import { Contexts, type ContextStatus } from '../contexts.js';
import { Cursors, listLimit, PageQuery, type Listed } from '../lists.js';
import { Answers, json } from '../openapi-answers.js';
import { instant, pageOf, resource, text } from '../openapi-schemas.js';
import { Needs } from '../routes.js';
import { actsOfActor, beginningOf, type ScanPlace } from './acts-of-actor.js';
import { actedOn, auditTrail, type ActRow, type ActTypes } from './audit-trail.projection.js';
import { periodOf } from './period.js';

const model = modelId(auditTrail({}));
/** The most reads of the store for one answer without an actor. */
const readsMax = 24;

const actSchema = resource('Act', {
  id: { ...text, description: 'The id of the event.' },
  kind: { ...text, description: 'The type of the event.' },
  at: instant,
  actor: { ...text, description: 'The id of a principal, or the name of the reaction that did it.' },
  stream: { ...text, description: 'What was acted on.' },
  of: {
    type: 'object',
    additionalProperties: true,
    description: 'Ids and numbers that say more exactly what was acted on.',
  },
});

/** How far a list of acts has come: the month, and the last act of it. */
interface MonthPlace {
  readonly from: string;
  readonly to: string;
  readonly month: string;
  readonly after?: string;
}

/** Types besides the acts whose fields a list for an actor shows. */
const shown: ActTypes = { PatronAccessed: ['how', 'purpose', 'count'] };

@ApiTags('audit')
@Controller('v1/audit/acts')
@Needs('operations.read')
export class ActsController {
  constructor(
    @Inject(Contexts) private readonly contexts: Contexts,
    @Inject(Cursors) private readonly cursors: Cursors,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Privileged acts in a context, oldest first; with an actor, everything that it recorded',
  })
  @ApiQuery({ name: 'context', type: String, required: true, example: 'patron-profile' })
  @ApiQuery({
    name: 'from',
    type: String,
    required: false,
    description: 'A day (UTC) or a time; by default a day before `to`.',
  })
  @ApiQuery({
    name: 'to',
    type: String,
    required: false,
    description: 'A day (UTC, included) or a time; by default now.',
  })
  @ApiQuery({
    name: 'actor',
    type: String,
    required: false,
    description:
      'The id of a principal, such as that of an API key. A page may then be empty and still have a nextCursor: follow it.',
  })
  @ApiQuery({ name: 'kind', type: String, required: false, example: 'ApiKeyIssued' })
  @PageQuery()
  @Answers({ 200: json(pageOf(actSchema)), 404: 'No context with this name runs here.' })
  async list(
    @Query('context') name: string | undefined,
    @Query('from') from: string | undefined,
    @Query('to') to: string | undefined,
    @Query('actor') actor: string | undefined,
    @Query('kind') kind: string | undefined,
    @Query('limit') rawLimit: string | undefined,
    @Query('cursor') cursor: string | undefined,
  ): Promise<Listed<ActRow>> {
    const context = this.contexts.asked(name);
    const limit = listLimit(rawLimit);
    const query = JSON.stringify(['acts', context.name, from, to, actor, kind]);
    const period = periodOf(from, to, this.clock.now());
    if (actor !== undefined) {
      const place = cursor === undefined ? null : this.cursors.open<ScanPlace>(cursor, query);
      const begin = place ?? (await beginningOf(context.store, period.from, period.to));
      const { events, next } = await actsOfActor(context.store, { actor, kind, limit }, begin);
      const items = events.map((event) => rowOf(event, context.acts));
      return { items, nextCursor: next && this.cursors.seal(next, query) };
    }
    if (kind !== undefined && !Object.hasOwn(context.acts, kind)) throw unknownKind(context);
    const begin: MonthPlace =
      cursor === undefined
        ? { ...period, month: period.from.slice(0, 7) }
        : this.cursors.open<MonthPlace>(cursor, query);
    const { items, next } = await this.acts(context, kind ?? 'all', limit, begin);
    return { items, nextCursor: next && this.cursors.seal(next, query) };
  }

  private async acts(
    { models }: ContextStatus,
    of: string,
    limit: number,
    place: MonthPlace,
  ): Promise<{ items: readonly ActRow[]; next: MonthPlace | null }> {
    const { from, to } = place;
    const last = to.slice(0, 7);
    const items: ActRow[] = [];
    let { month, after } = place;
    for (let reads = 0; month <= last; reads++) {
      if (items.length === limit || reads === readsMax) {
        return { items, next: { from, to, month, ...(after === undefined ? {} : { after }) } };
      }
      const page = { limit: limit - items.length, ...(after === undefined ? {} : { after }) };
      const found = await models.find<ActRow>(model, 'act', { prefix: `${of}/${month}` }, page);
      items.push(...found.rows.map(({ row }) => row).filter(({ at }) => at >= from && at <= to));
      after = found.next ?? undefined;
      if (after === undefined) month = monthAfter(month);
    }
    return { items, next: null };
  }
}

function rowOf(event: Stored, acts: ActTypes): ActRow {
  const { id, type: kind, recordedAt: at, actor, stream } = event;
  return { id, kind, at, actor, stream, of: actedOn(event, acts[kind] ?? shown[kind]) };
}

function monthAfter(month: string): string {
  const [year, ofYear] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, ofYear, 1)).toISOString().slice(0, 7);
}

function unknownKind({ acts }: ContextStatus): Refusal {
  const kinds = Object.keys(acts).sort().join(', ');
  return new Refusal('UNKNOWN_KIND', 'invalid', `Without an actor, give kind as one of ${kinds}.`);
}

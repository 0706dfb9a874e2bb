import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { modelId, Refusal } from '@readership/kernel';
import { auditTrail, type AccessRow } from '../acts/audit-trail.projection.js';
import { Contexts, type ContextStatus } from '../contexts.js';
import { Cursors, listLimit, PageQuery, type Listed } from '../lists.js';
import { Answers, json } from '../openapi-answers.js';
import { instant, listOf, oneOf, pageOf, resource, text } from '../openapi-schemas.js';
import { Needs } from '../routes.js';
import { roles } from '../access/permissions.js';
import { tagOf } from './accesses.js';
import { monthBefore, monthOf, oldestMonth } from './month-keys.js';
import { purposes } from './purposes.js';
import { Reading, type Reader } from './reading.js';

const model = modelId(auditTrail({}));
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const accessSchema = resource('Access', {
  at: instant,
  by: { ...text, description: 'The id of a principal; it names no person.' },
  role: oneOf(...roles),
  scopes: { ...listOf(text), description: 'Where the role holds; at most 10.' },
  how: { ...text, description: 'What was searched for or shown.' },
  purpose: oneOf(...purposes),
});

/** An access as it is answered. */
type Access = Omit<AccessRow, 'tags'>;

/** How far a list of accesses has come: the month, and the last access of it. */
interface MonthPlace {
  readonly month: string;
  readonly after?: string;
}

@ApiTags('patrons')
@Controller('v1/patrons/:id/accesses')
export class AccessesController {
  constructor(
    @Inject(Contexts) private readonly contexts: Contexts,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Get()
  @Needs('patrons.privacy')
  @ApiOperation({
    summary:
      'Who was shown what belongs to a patron in a context, in this month and the 24 before it, newest first',
  })
  @ApiQuery({ name: 'context', type: String, required: true, example: 'patron-profile' })
  @PageQuery()
  @Answers({
    200: json(pageOf(accessSchema)),
    404: 'No context with this name runs here, or this cannot be the id of a patron.',
  })
  async list(
    @Param('id') id: string,
    @Query('context') name: string | undefined,
    @Query('limit') rawLimit: string | undefined,
    @Query('cursor') cursor: string | undefined,
    @Reading('privacy-request') reader: Reader,
  ): Promise<Listed<Access>> {
    const context = this.contexts.asked(name);
    const limit = listLimit(rawLimit);
    if (!idPattern.test(id)) {
      throw new Refusal('PATRON_UNKNOWN', 'unknown', 'There is no patron with this id.');
    }
    const query = `accesses ${context.name} ${id}`;
    const { at } = reader.meta;
    const place =
      cursor === undefined ? { month: monthOf(at) } : this.cursors.open<MonthPlace>(cursor, query);
    const { items, next } = await accessesOf(context, id, oldestMonth(at), limit, place);
    await context.accesses.record(reader, 'accesses', [id]);
    return { items, nextCursor: next && this.cursors.seal(next, query) };
  }
}

/** A page of accesses from a place on, back to a month. */
async function accessesOf(
  { accesses, models }: ContextStatus,
  id: string,
  oldest: string,
  limit: number,
  place: MonthPlace,
): Promise<{ items: readonly Access[]; next: MonthPlace | null }> {
  const items: Access[] = [];
  let { month, after } = place;
  while (month >= oldest) {
    if (items.length === limit) return { items, next: { month, ...(after === undefined ? {} : { after }) } };
    const key = await accesses.keys.toRead(month);
    const page = { limit: limit - items.length, ...(after === undefined ? {} : { after }) };
    const found =
      key && (await models.find<AccessRow>(model, 'person', { prefix: `${tagOf(key, id)}/` }, page));
    for (const { row } of found?.rows ?? []) {
      const { at, by, role, scopes, how, purpose } = row;
      items.push({ at, by, role, scopes, how, purpose });
    }
    after = found?.next ?? undefined;
    if (after === undefined) month = monthBefore(month, 1);
  }
  return { items, next: null };
}

import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  changeOf,
  HttpProblem,
  json,
  ListQuery,
  Lists,
  Needs,
  pageOf,
  readOf,
  RequestMeta,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, fold, handle, modelId, Refusal, uuid5, type Meta } from '@readership/kernel';
import { Intake } from '../ingest/intake.js';
import { reasonOf } from './parked-records.js';
import {
  deadLetter,
  discarded,
  knownOf,
  unknownDeadLetter,
  type DeadLetterCommand,
  type DeadLetterStatus,
  type KnownDeadLetter,
} from './dead-letter.decider.js';
import type { Parked } from './dead-letter.events.js';
import { deadLetterSchema, listedDeadLetterSchema } from './dead-letter-schemas.js';
import { deadLettersList, type ListedDeadLetter } from './dead-letters-list.projection.js';
import { recordOf } from './record-content.js';

/** A dead letter without its content, which may hold anything. */
interface DeadLetterView extends Omit<Parked, 'parts'> {
  readonly id: string;
  readonly state: DeadLetterStatus;
  readonly kept: boolean;
  readonly interaction: string | null;
}

const model = modelId(deadLettersList);
const deadLetterId = /^[A-Za-z0-9_-]{43}$/;
const states: readonly string[] = ['parked', 'replayed', 'discarded'];

/** Lists records of topics that could not be taken, replays them, or gives them up. */
@ApiTags('dead letters')
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Intake) private readonly intake: Intake,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  @Get()
  @Needs('operations.read')
  @Answers({ 200: json(pageOf(listedDeadLetterSchema)) })
  @ApiOperation({ summary: 'Refused records of all states or of one, oldest first' })
  @ApiQuery({ name: 'state', required: false, enum: states })
  list(
    @Query('state') state: string | undefined,
    @ListQuery() asked: ListAsked,
  ): Promise<Listed<ListedDeadLetter>> {
    if (state !== undefined && !states.includes(state)) {
      throw new Refusal('UNKNOWN_STATE', 'invalid', `Give a state: ${states.join(', ')}.`);
    }
    const by = { index: 'oldest', prefix: `${state ?? 'all'}/` };
    return this.lists.of({ model: { own: model }, by }, asked);
  }

  @Get(':id')
  @Needs('operations.write')
  @Answers(readOf(deadLetterSchema))
  @ApiOperation({ summary: 'One refused record, without its content' })
  async one(@Param('id') id: string): Promise<Answer<DeadLetterView>> {
    const { state, version } = await fold(this.store, deadLetter, checkedId(id));
    return new Answer(viewOf(id, knownOf(state)), { version });
  }

  @Post(':id/replay')
  @Needs('operations.write')
  @HttpCode(200)
  @Answers({
    ...changeOf(deadLetterSchema),
    409: 'It was discarded, its content is not kept, or it is still refused: `errors` says why.',
  })
  @ApiOperation({ summary: 'Record a refused record again, by the current rules' })
  async replay(@Param('id') id: string, @RequestMeta() meta: Meta): Promise<Answer<DeadLetterView>> {
    const { state, version } = await fold(this.store, deadLetter, checkedId(id));
    const known = knownOf(state);
    if (known.status === 'discarded') throw discarded();
    if (known.status === 'replayed') return new Answer(viewOf(id, known), { version });
    const [taken] = await this.intake.take([recordOf(contentOf(known))], meta);
    if ('interaction' in taken!) {
      return this.tell(id, { type: 'ReplayRecord', outcome: taken }, meta);
    }
    const { code, detail, pointer } = taken!.problem;
    // Another command than that of the record's replay, which the same request may still come to.
    const failing = { ...meta, commandId: uuid5(meta.commandId, 'refused') };
    await this.tell(id, { type: 'ReplayRecord', outcome: reasonOf(taken!.problem) }, failing);
    throw new HttpProblem(409, 'STILL_REFUSED', 'The record is still refused; see errors.', {
      errors: [{ pointer: pointer ?? '', code, detail }],
    });
  }

  @Post(':id/discard')
  @Needs('operations.write')
  @HttpCode(200)
  @Answers({ ...changeOf(deadLetterSchema), 409: 'It was replayed.' })
  @ApiOperation({ summary: 'Discard a refused record for good' })
  discard(@Param('id') id: string, @RequestMeta() meta: Meta): Promise<Answer<DeadLetterView>> {
    return this.tell(id, { type: 'DiscardRecord' }, meta);
  }

  private async tell(id: string, command: DeadLetterCommand, meta: Meta): Promise<Answer<DeadLetterView>> {
    const { state, version, marks } = await handle(this.store, deadLetter, checkedId(id), command, meta);
    return new Answer(viewOf(id, knownOf(state)), { status: 200, version, marks });
  }
}

function checkedId(id: string): string {
  if (!deadLetterId.test(id)) throw unknownDeadLetter();
  return id;
}

function contentOf({ content }: KnownDeadLetter): readonly string[] {
  const parts = content.filter((part) => part !== null);
  if (parts.length === 0 || parts.length < content.length) {
    throw new Refusal(
      'CONTENT_NOT_KEPT',
      'conflict',
      'The content is not stored: it was too large, or was erased.',
    );
  }
  return parts;
}

function viewOf(id: string, { status, parked, interaction }: KnownDeadLetter): DeadLetterView {
  const { parts, ...rest } = parked;
  return { id, state: status, ...rest, kept: parts > 0, interaction };
}

import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiHeaders, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { branchClosed } from '@readership/contracts';
import {
  Accesses,
  Answer,
  Answers,
  changeOf,
  ClosedBranches,
  Clock,
  HttpProblem,
  IfMatch,
  json,
  linesOf,
  listOf,
  mediaTypeOf,
  Needs,
  outcomes,
  parseStrictJson,
  Reaches,
  Reading,
  ReadingFor,
  readOf,
  refused,
  RequestMeta,
  schemaOf,
  Sender,
  Takes,
  withoutAbsent,
  type Principal,
  type Reach,
  type Reader,
} from '@readership/host';
import { EventStore, fold, handle, Refusal, type Meta } from '@readership/kernel';
import { z } from 'zod';
import { KnownBranches } from '../directory/known-branches.js';
import {
  interaction,
  unknownInteraction,
  type CorrectInteraction,
  type Interaction,
  type RestoreInteraction,
  type WithdrawInteraction,
} from '../interaction.decider.js';
import { InteractionScopes } from '../interaction-scopes.js';
import { viewOf, type InteractionView } from '../interaction-view.js';
import { recordBatch } from './batch.js';
import { headerAttributes } from './cloud-event.js';
import { instantOf } from './instant.js';
import { correction, reasonOnly, tooLong } from './interaction-event.js';
import {
  eventDataSchema,
  eventHeaders,
  eventSchema,
  interactionSchema,
  recordedSchema,
} from './interaction-schemas.js';
import { problem, schemaProblems } from './problems.js';
import { Recorder, type LineOutcome } from './recorder.js';

/** Who asks for a change, and of which version. */
interface Change {
  readonly meta: Meta;
  readonly sender: Principal;
  readonly reaches: readonly Reach[];
  readonly reader: Reader;
  readonly ifVersions: readonly number[] | undefined;
}

type Outcome = { readonly id: string; readonly outcome: 'recorded' | 'already-recorded' };

const interactionId = /^[A-Za-z0-9_-]{43}$/;

const batchForms: Readonly<Record<string, 'lines' | 'array'>> = {
  'application/x-ndjson': 'lines',
  'application/cloudevents-batch+json': 'array',
};

@ApiTags('interactions')
@Controller('v1/interactions')
export class InteractionsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Recorder) private readonly recorder: Recorder,
    @Inject(KnownBranches) private readonly branches: KnownBranches,
    @Inject(InteractionScopes) private readonly scopes: InteractionScopes,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Accesses) private readonly accesses: Accesses,
  ) {}

  @Post()
  @Needs('interactions.write')
  @Answers({
    200: json(recordedSchema, 'ETag', 'Location', 'Readership-Position'),
    201: json(recordedSchema, 'ETag', 'Location', 'Readership-Position'),
    409: 'The id was used for another interaction.',
  })
  @ApiHeaders(eventHeaders.map((name) => ({ name, required: false, description: 'In binary mode.' })))
  @ApiOperation({ summary: 'Record one interaction, a CloudEvent; the same request again changes nothing' })
  @Takes({
    'application/json': { anyOf: [eventSchema, eventDataSchema] },
    'application/cloudevents+json': eventSchema,
  })
  async record(
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
  ): Promise<Answer<Outcome>> {
    const recording = this.recorder.begin(meta, this.scopes.ofLines(reaches));
    const [recorded] = await recording.append(
      await recording.prepare([recording.read(sentEvent(body, headers))]),
    );
    if (recorded!.outcome === 'refused') throw refused(recorded!.problems, statusOf(recorded!));
    const { id, outcome, version, marks } = recorded!;
    return new Answer(
      { id, outcome },
      { status: outcome === 'recorded' ? 201 : 200, version, location: `/v1/interactions/${id}`, marks },
    );
  }

  @Post('batch')
  @Needs('interactions.import')
  @HttpCode(200)
  @Header('content-type', 'application/x-ndjson')
  @Answers(outcomes)
  @Takes({
    'application/x-ndjson': linesOf(eventSchema),
    'application/cloudevents-batch+json': listOf(eventSchema),
  })
  @ApiOperation({ summary: 'Record up to 10,000 interactions; the answer has one line per interaction' })
  @ApiQuery({
    name: 'dryRun',
    required: false,
    enum: ['true', 'false'],
    description: 'With true nothing is recorded; the answer is the one that recording would have now.',
  })
  async recordMany(
    @Body() body: unknown,
    @Query('dryRun') dryRun: string | undefined,
    @Headers('content-type') type: string | undefined,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
  ): Promise<Answer<string>> {
    const form = batchForms[mediaTypeOf(type)];
    // A request without a body.
    if (form === undefined || !Buffer.isBuffer(body)) throw unsupported(Object.keys(batchForms));
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false') {
      throw new Refusal('BAD_QUERY', 'invalid', 'Give dryRun as true or false, or leave it out.');
    }
    const recording = this.recorder.begin(meta, this.scopes.ofLines(reaches), {
      dryRun: dryRun === 'true',
    });
    const { ndjson, marks } = await recordBatch(body, form, recording);
    return new Answer(ndjson, { marks });
  }

  @Get(':id')
  @Needs('interactions.read')
  @Answers(readOf(interactionSchema))
  @ApiOperation({ summary: 'The current content of an interaction' })
  async read(
    @Param('id') id: string,
    @Reaches() reaches: readonly Reach[],
    @Reading('service') reader: Reader,
  ): Promise<Answer<InteractionView>> {
    const { state, version } = await fold(this.store, interaction, checkedId(id));
    if (state.status === 'unknown') throw unknownInteraction();
    await this.scopes.expectReadable(state, reaches);
    return new Answer(await this.shown(viewOf(id, state), reader), { version });
  }

  @Post(':id/correct')
  @Needs('interactions.write')
  @Answers({ ...changeOf(interactionSchema), 409: 'It was withdrawn.' })
  @ApiOperation({ summary: 'Correct an interaction, but not its card or patron' })
  @Takes({ 'application/json': schemaOf(correction) })
  async correct(
    @Param('id') id: string,
    @Body() body: unknown,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
    @ReadingFor('correction') reader: Reader,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<InteractionView>> {
    checkedId(id);
    const fixed = ['card', 'patronId'].filter(
      (field) => typeof body === 'object' && body !== null && field in body,
    );
    if (fixed.length > 0) throw refused(fixed.map((field) => problem('PERSON_IS_FIXED', `/${field}`)));
    const { time, details, reason, ...changes } = parsed(correction, body);
    const when = time === undefined ? undefined : instantOf(time, this.clock.now().getTime());
    if (typeof when === 'string') throw refused([problem(when, '/time')]);
    if (details !== undefined && tooLong(details)) throw refused([problem('EVENT_TOO_LARGE', '/details')]);
    if (changes.branch !== undefined && (await this.branches.unknown()([changes.branch])).size > 0) {
      throw refused([problem('UNKNOWN_BRANCH', '/branch')]);
    }
    return this.tell(
      id,
      {
        type: 'CorrectInteraction',
        changes: defined({ ...changes, time: when?.instant }),
        ...(details === undefined ? {} : { details }),
        reason,
      },
      { meta, sender, reaches, reader, ifVersions },
    );
  }

  @Post(':id/withdraw')
  @Needs('interactions.write')
  @Answers(changeOf(interactionSchema))
  @ApiOperation({ summary: 'Withdraw an interaction, so that it does not count any more' })
  @Takes({ 'application/json': schemaOf(reasonOnly) })
  async withdraw(
    @Param('id') id: string,
    @Body() body: unknown,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
    @ReadingFor('correction') reader: Reader,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<InteractionView>> {
    return this.giveReason(id, 'WithdrawInteraction', body, { meta, sender, reaches, reader, ifVersions });
  }

  @Post(':id/restore')
  @Needs('interactions.write')
  @Answers(changeOf(interactionSchema))
  @ApiOperation({ summary: 'Take a withdrawal back, so that the interaction counts again' })
  @Takes({ 'application/json': schemaOf(reasonOnly) })
  async restore(
    @Param('id') id: string,
    @Body() body: unknown,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
    @ReadingFor('correction') reader: Reader,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<InteractionView>> {
    return this.giveReason(id, 'RestoreInteraction', body, { meta, sender, reaches, reader, ifVersions });
  }

  /** Tells an interaction what needs nothing but a reason. */
  private giveReason(
    id: string,
    type: (WithdrawInteraction | RestoreInteraction)['type'],
    body: unknown,
    change: Change,
  ): Promise<Answer<InteractionView>> {
    checkedId(id);
    const { reason } = parsed(reasonOnly, body);
    return this.tell(id, { type, reason }, change);
  }

  private async tell(
    id: string,
    command: CorrectInteraction | WithdrawInteraction | RestoreInteraction,
    { meta, sender, reaches, reader, ifVersions }: Change,
  ): Promise<Answer<InteractionView>> {
    const changes = command.type === 'CorrectInteraction' ? command.changes : {};
    const { state, version, marks } = await handle(
      this.store,
      interaction,
      id,
      command,
      meta,
      ifVersions,
      async (met) => {
        await this.scopes.expectChangeable(met, changes.branch, sender, reaches);
        await this.expectOpen(met, changes);
      },
    );
    if (state.status === 'unknown') throw unknownInteraction();
    const mayRead = await this.scopes.mayRead(state, sender);
    const view = viewOf(id, state);
    const told = mayRead ? await this.shown(view, reader) : withoutPerson(view);
    return new Answer(told, { status: 200, version, marks });
  }

  /** Records that the reader is shown an interaction, when it belongs to a patron. */
  private async shown(view: InteractionView, reader: Reader): Promise<InteractionView> {
    await this.accesses.record(reader, 'interaction', view.patronId === undefined ? [] : [view.patronId]);
    return view;
  }

  /**
   * Throws `BRANCH_CLOSED` when a correction moves an interaction to where or when its branch is closed. What was recorded
   * before the branch had its last day is corrected in all other respects.
   */
  private async expectOpen(state: Interaction, changes: CorrectInteraction['changes']): Promise<void> {
    if (state.status !== 'recorded') return;
    const { branch = state.now.branch, time = state.now.time } = changes;
    if (branch === state.now.branch && time === state.now.time) return;
    const lastDay = (await this.closed.of([branch])).beforeInstant(branch, time);
    if (lastDay !== undefined)
      throw branchClosed(lastDay, changes.branch === undefined ? '/time' : '/branch');
  }
}

/** What whoever may change an interaction, but not read interactions, is told of it. */
function withoutPerson({ patronId: _patron, details: _details, ...rest }: InteractionView): InteractionView {
  return rest;
}

/** The status of a refusal: 403 out of scope, 409 when what is recorded is against it, else 422. */
function statusOf({ id, problems }: Extract<LineOutcome, { readonly outcome: 'refused' }>): number {
  if (problems[0]!.code === 'OUT_OF_SCOPE') return 403;
  return id === undefined || problems[0]!.code === 'BRANCH_CLOSED' ? 422 : 409;
}

function unsupported(types: readonly string[]): HttpProblem {
  return new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', `Send ${types.join(' or ')}.`);
}

/** The event of a request: structured, or binary with its attributes in `ce-` headers and the body as its data. */
function sentEvent(body: unknown, headers: Record<string, string | undefined>): unknown {
  const type = mediaTypeOf(headers['content-type']);
  if (type === 'application/cloudevents+json' && Buffer.isBuffer(body)) return parseStrictJson(body);
  if (type !== 'application/json' || Buffer.isBuffer(body)) {
    throw unsupported(['application/json', 'application/cloudevents+json']);
  }
  if (headers['ce-specversion'] === undefined) return body;
  return { ...headerAttributes(headers), data: body };
}

function checkedId(id: string): string {
  if (!interactionId.test(id)) throw unknownInteraction();
  return id;
}

function parsed<T extends z.ZodObject>(schema: T, body: unknown): z.infer<T> {
  const { success, data, error } = schema.safeParse(withoutAbsent(schema, body));
  if (!success) throw refused(schemaProblems(error));
  return data;
}

function defined(changes: {
  [K in keyof CorrectInteraction['changes']]: CorrectInteraction['changes'][K] | undefined;
}) {
  return Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  ) as CorrectInteraction['changes'];
}

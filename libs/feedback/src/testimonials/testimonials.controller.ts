import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Accesses,
  Answer,
  Answers,
  BranchQuery,
  changeOf,
  ClosedBranches,
  IfMatch,
  json,
  ListQuery,
  Lists,
  makingOf,
  Needs,
  pageOf,
  Reaches,
  reachesOf,
  Reading,
  ReadingFor,
  readOf,
  RequestMeta,
  Scopes,
  Secrets,
  Sender,
  written,
  type ListAsked,
  type Listed,
  type Principal,
  type Reach,
  type Reader,
} from '@readership/host';
import { EventStore, fold, handle, modelId, Refusal, unlessDamaged, type Meta } from '@readership/kernel';
import { keyedDigest } from '../digest.js';
import { checkDay } from '../directory/calendar-day.js';
import { askedDays, DaysQuery, latestFirst } from '../directory/asked-days.js';
import { BranchDirectory } from '../directory/directory.js';
import { placeOf, scopeOf } from '../directory/place-bodies.js';
import { placeOfDay } from '../newest-first.js';
import { PublicationBody, TestimonialBody } from './testimonial-bodies.js';
import { testimonialSchema } from './testimonial-schemas.js';
import type { TestimonialPlace } from './testimonial.events.js';
import {
  testimonial,
  unknownTestimonial,
  type Testimonial,
  type TestimonialCommand,
  type TestimonialStatus,
} from './testimonial.decider.js';
import { testimonialsList, type ListedTestimonial } from './testimonials-list.projection.js';

/** A testimonial as it is answered. `text` is `null` once it was forgotten. */
interface TestimonialView {
  readonly id: string;
  readonly status: TestimonialStatus;
  readonly receivedOn: string;
  readonly patronId?: string;
  readonly branch?: string;
  readonly text: string | null;
  readonly consent?: { readonly givenOn: string; readonly statement: string | null };
}

const model = modelId(testimonialsList);
const statuses: readonly string[] = ['received', 'approved', 'published', 'withdrawn'];

/** Keyed digest of what was received. */
export function testimonialDigest(
  said: TestimonialPlace & { readonly text: string },
  cardKey: Buffer,
): string {
  const { id, receivedOn, patronId, branch, text } = said;
  return keyedDigest(cardKey, 'testimonial', [id, receivedOn, patronId, branch, text]);
}

@ApiTags('testimonials')
@Controller('v1/testimonials')
export class TestimonialsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Lists) private readonly lists: Lists,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Accesses) private readonly accesses: Accesses,
  ) {}

  @Post()
  @Needs('feedback.write')
  @Answers({ ...makingOf(testimonialSchema), 409: 'Another testimonial has this id.' })
  @ApiOperation({ summary: 'Receive a testimonial; the same request again changes nothing' })
  async receive(
    @Body() body: TestimonialBody,
    @RequestMeta() meta: Meta,
    @Sender() sender: Principal,
    @Reaches() reaches: readonly Reach[],
  ): Promise<Answer<TestimonialView>> {
    const { id, receivedOn, text } = body;
    checkDay(receivedOn, await this.directory.day(1), '/receivedOn');
    if (body.branch !== undefined) await this.directory.expectBranch(body.branch);
    await this.scopes.expect(reaches, scopeOf(body.branch));
    const place = { id, receivedOn, ...placeOf(body) };
    const digest = testimonialDigest({ ...place, text }, this.secrets.cardKey);
    const lastDay = await this.closed.before(body.branch, receivedOn);
    const command = {
      type: 'ReceiveTestimonial',
      ...{ place, text, digest },
      ...(lastDay === undefined ? {} : { lastDay }),
    } as const;
    const { body: view, about } = await this.tell(id, command, meta);
    const reading = reachesOf(sender.grants, 'feedback.read');
    const mayRead = await this.scopes.allows(reading, scopeOf(body.branch));
    // Whoever may not read it is told what they have sent, and not what has become of it.
    return new Answer(mayRead ? view : { ...place, status: 'received', text: view.text }, about);
  }

  @Post(':id/approve')
  @Needs('feedback.manage')
  @Answers({ ...changeOf(testimonialSchema), 409: 'It was withdrawn.' })
  @ApiOperation({ summary: 'Approve a testimonial' })
  async approve(
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
    @ReadingFor('feedback') reader: Reader,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
    await this.within(reaches, id, reader);
    return this.tell(id, { type: 'ApproveTestimonial' }, meta, ifVersions);
  }

  @Post(':id/publish')
  @Needs('feedback.manage')
  @Answers({ ...changeOf(testimonialSchema), 409: 'It is not approved, or was withdrawn.' })
  @ApiOperation({ summary: 'Publish an approved testimonial, with the consent of its author' })
  async publish(
    @Param('id') id: string,
    @Body() { consent: { givenOn, statement } }: PublicationBody,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
    @ReadingFor('feedback') reader: Reader,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
    await this.within(reaches, id, reader);
    checkDay(givenOn, await this.directory.day(1), '/consent/givenOn');
    const consent = {
      givenOn,
      statement,
      digest: keyedDigest(this.secrets.cardKey, 'testimonial', [id, givenOn, statement]),
    };
    return this.tell(id, { type: 'PublishTestimonial', consent }, meta, ifVersions);
  }

  @Post(':id/withdraw')
  @Needs('feedback.manage')
  @Answers(changeOf(testimonialSchema))
  @ApiOperation({ summary: 'Withdraw a testimonial, for good' })
  async withdraw(
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
    @ReadingFor('feedback') reader: Reader,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
    await this.within(reaches, id, reader);
    return this.tell(id, { type: 'WithdrawTestimonial' }, meta, ifVersions);
  }

  @Get()
  @Needs('feedback.read')
  @Answers({ 200: json(pageOf(testimonialSchema)) })
  @ApiOperation({
    summary: 'The testimonials of all statuses or of one, of a branch or of all, newest first',
  })
  @DaysQuery('on which they were received')
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  @BranchQuery()
  async list(
    @ListQuery() asked: ListAsked,
    @Reaches() reaches: readonly Reach[],
    @Reading('feedback') reader: Reader,
    @Query('status') status = 'all',
    @Query('branch') branch?: string,
    @Query('from') from?: string,
    @Query('to') to?: string,
  ): Promise<Listed<TestimonialView>> {
    await this.scopes.expectList(reaches, branch);
    if (status !== 'all' && !statuses.includes(status)) {
      throw new Refusal('UNKNOWN_STATUS', 'invalid', `Give a status: ${statuses.join(', ')}.`);
    }
    const { first, last } = askedDays(from, to);
    const by = latestFirst(
      branch === undefined
        ? { index: 'newest', prefix: `${status}/` }
        : { index: 'newest-of-branch', prefix: `${branch}/${status}/` },
      first && placeOfDay(first),
      last && placeOfDay(last),
    );
    const { items, nextCursor } = await this.lists.of<ListedTestimonial>(
      { model: { own: model }, by },
      asked,
    );
    const read = await Promise.all(items.map(({ id }) => unlessDamaged(this.read(id))));
    const views = read.flatMap((answer) => (answer === null ? [] : [answer.body]));
    await this.accesses.record(reader, 'testimonials', patronsOf(views));
    return { items: views, nextCursor };
  }

  @Get(':id')
  @Needs('feedback.read')
  @Answers(readOf(testimonialSchema))
  @ApiOperation({ summary: 'One testimonial' })
  one(
    @Param('id') id: string,
    @Reaches() reaches: readonly Reach[],
    @Reading('feedback') reader: Reader,
  ): Promise<Answer<TestimonialView>> {
    return this.within(reaches, id, reader);
  }

  /** A testimonial within these reaches, which the reader is then shown. Throws `UNKNOWN_TESTIMONIAL`, `OUT_OF_SCOPE`. */
  private async within(
    reaches: readonly Reach[],
    id: string,
    reader: Reader,
  ): Promise<Answer<TestimonialView>> {
    const answer = await this.read(id);
    await this.scopes.expect(reaches, scopeOf(answer.body.branch));
    await this.accesses.record(reader, 'testimonial', patronsOf([answer.body]));
    return answer;
  }

  private async read(id: string): Promise<Answer<TestimonialView>> {
    const { state, version } = await fold(this.store, testimonial, id);
    return new Answer(viewOf(state), { version });
  }

  private async tell(
    id: string,
    command: TestimonialCommand,
    meta: Meta,
    ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
    const handled = await handle(this.store, testimonial, id, command, meta, ifVersions);
    return written(viewOf(handled.state), handled, `/v1/testimonials/${id}`);
  }
}

function patronsOf(views: readonly TestimonialView[]): readonly string[] {
  return views.flatMap(({ patronId }) => (patronId === undefined ? [] : [patronId]));
}

function viewOf(state: Testimonial): TestimonialView {
  if (state.status === 'unknown') throw unknownTestimonial();
  const { status, place, text, consent } = state;
  const { givenOn, statement } = consent ?? {};
  return {
    ...place,
    status,
    text,
    ...(givenOn === undefined ? {} : { consent: { givenOn, statement: statement ?? null } }),
  };
}

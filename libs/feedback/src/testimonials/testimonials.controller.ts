import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
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
  Secrets,
  written,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, fold, handle, modelId, Refusal, unlessDamaged, type Meta } from '@readership/kernel';
import { keyedDigest } from '../digest.js';
import { checkDay } from '../directory/calendar-day.js';
import { BranchDirectory } from '../directory/directory.js';
import { placeOf } from '../directory/place-bodies.js';
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
    @Inject(Lists) private readonly lists: Lists,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  @Post()
  @Needs('feedback.write')
  @Answers({ ...makingOf(testimonialSchema), 409: 'Another testimonial has this id.' })
  @ApiOperation({ summary: 'Receive a testimonial; the same request again changes nothing' })
  async receive(@Body() body: TestimonialBody, @RequestMeta() meta: Meta): Promise<Answer<TestimonialView>> {
    const { id, receivedOn, text } = body;
    checkDay(receivedOn, await this.directory.day(1), '/receivedOn');
    if (body.branch !== undefined) await this.directory.expectBranch(body.branch);
    const place = { id, receivedOn, ...placeOf(body) };
    const digest = testimonialDigest({ ...place, text }, this.secrets.cardKey);
    return this.tell(id, { type: 'ReceiveTestimonial', place, text, digest }, meta);
  }

  @Post(':id/approve')
  @Needs('feedback.manage')
  @Answers({ ...changeOf(testimonialSchema), 409: 'It was withdrawn.' })
  @ApiOperation({ summary: 'Approve a testimonial' })
  approve(
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
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
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
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
  withdraw(
    @Param('id') id: string,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions?: readonly number[],
  ): Promise<Answer<TestimonialView>> {
    return this.tell(id, { type: 'WithdrawTestimonial' }, meta, ifVersions);
  }

  @Get()
  @Needs('feedback.read')
  @Answers({ 200: json(pageOf(testimonialSchema)) })
  @ApiOperation({ summary: 'The testimonials of all statuses or of one, newest first' })
  @ApiQuery({ name: 'status', required: false, enum: statuses })
  async list(
    @ListQuery() asked: ListAsked,
    @Query('status') status = 'all',
  ): Promise<Listed<TestimonialView>> {
    if (status !== 'all' && !statuses.includes(status)) {
      throw new Refusal('UNKNOWN_STATUS', 'invalid', `Give a status: ${statuses.join(', ')}.`);
    }
    const by = { index: 'newest', prefix: `${status}/` };
    const { items, nextCursor } = await this.lists.of<ListedTestimonial>(
      { model: { own: model }, by },
      asked,
    );
    const read = await Promise.all(items.map(({ id }) => unlessDamaged(this.read(id))));
    return { items: read.flatMap((answer) => (answer === null ? [] : [answer.body])), nextCursor };
  }

  @Get(':id')
  @Needs('feedback.read')
  @Answers(readOf(testimonialSchema))
  @ApiOperation({ summary: 'One testimonial' })
  one(@Param('id') id: string): Promise<Answer<TestimonialView>> {
    return this.read(id);
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

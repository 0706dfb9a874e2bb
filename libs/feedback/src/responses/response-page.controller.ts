import { Body, Controller, Get, Headers, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  ClosedBranches,
  day,
  fileOf,
  HttpProblem,
  object,
  oneOf,
  Public,
  refused,
  RequestMeta,
  schemaOf,
  StaticFile,
  Takes,
  text,
  type AnswerShape,
  type Schema,
} from '@readership/host';
import { EventStore, fold, Refusal, type Meta } from '@readership/kernel';
import { z } from 'zod';
import { BranchDirectory } from '../directory/directory.js';
import { invitation, type IssuedInvitation } from '../invitations/invitation.decider.js';
import { InvitationLinks } from '../invitations/invitation-links.js';
import type { CreatedSurvey } from '../surveys/survey.decider.js';
import type { Question } from '../surveys/survey.events.js';
import { surveySchema } from '../surveys/survey-schemas.js';
import { surveyOf, surveyView } from '../surveys/surveys.js';
import { judge, type Answers as GivenAnswers } from './answers.js';
import { responsePageStyle } from './response-page-style.js';
import { askedPage, fieldOf, noticePage, type AskedPage, type NoticeKind } from './response-page.js';
import { ResponseRecorder } from './recorder.js';
import { isProblems, judgeAnswers, schemaProblems } from './sent-response.js';

/** The part of the server's reply that sets headers. */
interface Reply {
  header(name: string, value: string): unknown;
}

const style = new StaticFile('text/css; charset=utf-8', () => responsePageStyle);

/** An invitation that was issued here, and its survey. */
interface Invited {
  readonly invitation: IssuedInvitation;
  readonly survey: CreatedSurvey;
}

const sentAnswers = z.strictObject({
  answers: z.record(z.string(), z.unknown(), 'INVALID: The answers are an object, by question id.'),
});

const askedSchema = object({ survey: surveySchema, expiresOn: day });
const pageOr = (schema: Schema): AnswerShape => ({
  content: { 'text/html': text, 'application/json': schema },
});
const noticeOr = (description: string): AnswerShape => ({
  description,
  content: { 'text/html': text },
  headers: ['Vary'],
});

const closed = {
  unknown: () => new Refusal('UNKNOWN_INVITATION', 'unknown', 'There is no invitation with this link.'),
  used: () => new Refusal('ALREADY_ANSWERED', 'conflict', 'This invitation has been answered already.'),
  expired: () => new HttpProblem(410, 'INVITATION_EXPIRED', 'The last day to answer has passed.'),
} as const;
const statusOf = { thanks: 201, unknown: 404, used: 409, expired: 410 } as const satisfies Record<
  NoticeKind,
  number
>;

/** The page of an invitation: for people as a page without scripts, for programs as JSON. */
@Public()
@ApiTags('survey page')
@Controller('r')
export class ResponsePageController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
    @Inject(InvitationLinks) private readonly links: InvitationLinks,
    @Inject(ResponseRecorder) private readonly recorder: ResponseRecorder,
  ) {}

  @Get('style.css')
  @Answers(fileOf('text/css'))
  @ApiOperation({ summary: 'The stylesheet of the response page' })
  style(): StaticFile {
    return style;
  }

  @Get(':token')
  @Answers({
    200: { ...pageOr(askedSchema), headers: ['Vary'] },
    404: noticeOr('There is no invitation with this link.'),
    409: noticeOr('The invitation has been answered already.'),
    410: noticeOr('The last day to answer has passed.'),
  })
  @ApiOperation({ summary: 'The questions of an invitation, as a page or as JSON' })
  async ask(
    @Param('token') token: string,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Answer<unknown>> {
    guard(reply);
    const found = await this.invited(token);
    const closedAs = await this.closedAs(found);
    if (prefersJson(accept)) {
      if (found === null || closedAs !== null) throw closed[closedAs ?? 'unknown']();
      return new Answer({ survey: surveyView(found.survey), expiresOn: found.invitation.expiresOn });
    }
    if (found === null || closedAs !== null) return notice(reply, closedAs ?? 'unknown', found);
    return html(reply, askedPage(pageOf(found)), 200);
  }

  @Post(':token')
  @Answers({
    201: { ...pageOr(object({ outcome: oneOf('recorded') })), headers: ['Readership-Position', 'Vary'] },
    404: noticeOr('There is no invitation with this link.'),
    409: noticeOr('The invitation has been answered already.'),
    410: noticeOr('The last day to answer has passed.'),
    422: noticeOr('Some answers are not valid.'),
  })
  @ApiOperation({ summary: 'Answer an invitation; possible once' })
  @Takes({
    'application/json': schemaOf(sentAnswers),
    'application/x-www-form-urlencoded': { type: 'object', additionalProperties: text },
  })
  async answer(
    @Param('token') token: string,
    @Body() body: unknown,
    @Headers('content-type') type: string | undefined,
    @RequestMeta() meta: Meta,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Answer<unknown>> {
    guard(reply);
    const form = (type ?? '').split(';', 1)[0]!.trim().toLowerCase();
    if (form === 'application/json') return this.answerJson(token, body, meta);
    if (form !== 'application/x-www-form-urlencoded') {
      throw new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send a form or application/json.');
    }
    const found = await this.invited(token);
    const closedAs = await this.closedAs(found);
    if (found === null || closedAs !== null) return notice(reply, closedAs ?? 'unknown', found);
    const sent = body as Record<string, string>;
    const judged = judge(found.survey.questions, answersOf(found.survey.questions, sent));
    if (judged.faults.length > 0) {
      return html(reply, askedPage({ ...pageOf(found), sent, faults: judged.faults }), 422);
    }
    try {
      const marks = await this.recorder.answer(found.invitation, judged, meta);
      return notice(reply, 'thanks', found, { marks });
    } catch (error) {
      if (error instanceof Refusal && error.code === 'ALREADY_ANSWERED') return notice(reply, 'used', found);
      throw error;
    }
  }

  private async answerJson(token: string, body: unknown, meta: Meta): Promise<Answer<unknown>> {
    const found = await this.invited(token);
    const closedAs = await this.closedAs(found);
    if (found === null || closedAs !== null) throw closed[closedAs ?? 'unknown']();
    const { success, data, error } = sentAnswers.safeParse(body);
    if (!success) throw refused(schemaProblems(error));
    const judged = judgeAnswers(found.survey.questions, data.answers);
    if (isProblems(judged)) throw refused(judged);
    const marks = await this.recorder.answer(found.invitation, judged, meta);
    return new Answer({ outcome: 'recorded' }, { status: 201, marks });
  }

  private async invited(token: string): Promise<Invited | null> {
    const id = this.links.invitationOf(token);
    if (id === null) return null;
    const { state } = await fold(this.store, invitation, id);
    if (state.status === 'unknown') return null;
    return { invitation: state, survey: (await surveyOf(this.store, state.survey)).state };
  }

  /** Why it cannot be answered now; `null` when it can. */
  private async closedAs(found: Invited | null): Promise<keyof typeof closed | null> {
    if (found === null) return 'unknown';
    if (await this.recorder.isAnswered(found.invitation)) return 'used';
    const { expiresOn, branch } = found.invitation;
    const today = await this.directory.day();
    // Nobody answers for a branch after its last day.
    if (today > expiresOn || (await this.closed.before(branch, today)) !== undefined) return 'expired';
    return null;
  }
}

/** Sets headers against caching and referrers, because the address holds a secret. */
function guard(reply: Reply): void {
  reply.header('cache-control', 'no-store');
  reply.header('referrer-policy', 'no-referrer');
  reply.header('x-robots-tag', 'noindex');
  reply.header('vary', 'accept');
}

function html<T>(reply: Reply, page: T, status: number, about: Answer<T>['about'] = {}): Answer<T> {
  reply.header('content-type', 'text/html; charset=utf-8');
  return new Answer(page, { ...about, status });
}

function notice(
  reply: Reply,
  kind: NoticeKind,
  found: Invited | null,
  about: Answer<string>['about'] = {},
): Answer<string> {
  return html(reply, noticePage(kind, found?.survey.language, found?.survey.title), statusOf[kind], about);
}

function prefersJson(accept = ''): boolean {
  const json = accept.indexOf('application/json');
  const page = accept.indexOf('text/html');
  return json >= 0 && (page < 0 || json < page);
}

function pageOf({ invitation: { expiresOn, patronId }, survey }: Invited): AskedPage {
  const { title, language, questions } = survey;
  return { title, language, questions, expiresOn, personal: patronId !== undefined };
}

/** A form's fields as answers. An empty field was omitted. A field that belongs to no question is kept, to be refused. */
function answersOf(questions: readonly Question[], sent: Readonly<Record<string, string>>): GivenAnswers {
  const answers: Record<string, unknown> = {};
  const types = new Map(questions.map(({ id, type }) => [fieldOf(id), { id, type }]));
  for (const [field, value] of Object.entries(sent)) {
    const question = types.get(field);
    if (question === undefined) answers[`field ${field}`] = value;
    else if (value === '') continue;
    else if (question.type === 'text') answers[question.id] = value;
    else answers[question.id] = /^\d{1,2}$/.test(value) ? Number(value) : value;
  }
  return answers;
}

import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { branchClosed } from '@readership/contracts';
import {
  Answer,
  Answers,
  BranchQuery,
  ClosedBranches,
  json,
  ListQuery,
  Needs,
  pageOf,
  Reaches,
  RequestMeta,
  resource,
  Scopes,
  Sender,
  text,
  uuid,
  type ListAsked,
  type Listed,
  type Principal,
  type Reach,
} from '@readership/host';
import { EventStore, foldFor, handle, uuidMadeBy, type Handled, type Meta } from '@readership/kernel';
import { checkDay } from '../directory/calendar-day.js';
import { BranchDirectory } from '../directory/directory.js';
import { placeOf, scopeOf } from '../directory/place-bodies.js';
import { surveyOf } from '../surveys/surveys.js';
import { InvitationBody } from './invitation-bodies.js';
import { invitation, type Invitation } from './invitation.decider.js';
import type { InvitationEvent } from './invitation.events.js';
import {
  InvitationList,
  invitationStates,
  listedInvitationSchema,
  type InvitationView,
} from './invitation-list.js';
import { InvitationLinks } from './invitation-links.js';

const expiresInDaysMax = 3653;

@ApiTags('surveys')
@Controller('v1/surveys/:survey/invitations')
@Needs('feedback.manage')
export class InvitationsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(ClosedBranches) private readonly closed: ClosedBranches,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(InvitationLinks) private readonly links: InvitationLinks,
    @Inject(InvitationList) private readonly invitations: InvitationList,
  ) {}

  @Get()
  @Answers({ 200: json(pageOf(listedInvitationSchema)), 404: 'There is no such survey.' })
  @ApiOperation({
    summary:
      'The invitations to a survey without their links, of a branch or of all, the latest last day first',
  })
  @ApiQuery({ name: 'state', required: false, enum: [...invitationStates] })
  @BranchQuery()
  async list(
    @Param('survey') survey: string,
    @ListQuery() asked: ListAsked,
    @Reaches() reaches: readonly Reach[],
    @Sender() sender: Principal,
    @Query('branch') branch?: string,
    @Query('state') state?: string,
  ): Promise<Listed<InvitationView>> {
    await surveyOf(this.store, survey);
    await this.scopes.expectList(reaches, branch);
    return this.invitations.of(survey, { branch, state }, asked, sender);
  }

  /**
   * Throws `UNKNOWN_BRANCH`, `OUT_OF_SCOPE` and, unless the same command has issued it already, `DATE_IN_PAST` or
   * `BRANCH_CLOSED` for a link that nobody could answer, `UNKNOWN_PATRON`.
   */
  @Post()
  @Answers({
    201: json(
      resource('Invitation', { id: uuid, link: { ...text, format: 'uri' } }),
      'ETag',
      'Readership-Position',
    ),
  })
  @ApiOperation({ summary: 'Issue a link to answer a survey once, until the end of a day' })
  async issue(
    @Param('survey') survey: string,
    @Body() body: InvitationBody,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
  ): Promise<Answer<{ id: string; link: string }>> {
    await surveyOf(this.store, survey);
    if (body.branch !== undefined) await this.directory.expectBranch(body.branch);
    await this.scopes.expect(reaches, scopeOf(body.branch));
    const id = uuidMadeBy(meta.commandId, 'invitation');
    const { earlier } = await foldFor(this.store, invitation, id, meta.commandId);
    const { version, marks } = earlier ?? (await this.issueNew(id, survey, body, meta));
    return new Answer({ id, link: this.links.linkOf(id) }, { status: 201, version, marks });
  }

  private async issueNew(
    id: string,
    survey: string,
    body: InvitationBody,
    meta: Meta,
  ): Promise<Handled<Invitation, InvitationEvent>> {
    const [today, latest] = [await this.directory.day(), await this.directory.day(expiresInDaysMax)];
    checkDay(body.expiresOn, latest, '/expiresOn', today);
    const lastDay = await this.closed.before(body.branch, today);
    if (lastDay !== undefined) throw branchClosed(lastDay, '/branch');
    if (body.patronId !== undefined) await this.directory.expectPatron(body.patronId);
    const { expiresOn } = body;
    const command = { type: 'IssueInvitation', id, survey, ...placeOf(body), expiresOn } as const;
    return handle(this.store, invitation, id, command, meta);
  }
}

import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  json,
  Needs,
  Reaches,
  RequestMeta,
  resource,
  Scopes,
  text,
  uuid,
  type Reach,
} from '@readership/host';
import { EventStore, handle, uuidv7, type Meta } from '@readership/kernel';
import { checkDay } from '../directory/calendar-day.js';
import { BranchDirectory } from '../directory/directory.js';
import { placeOf, scopeOf } from '../directory/place-bodies.js';
import { surveyOf } from '../surveys/surveys.js';
import { InvitationBody } from './invitation-bodies.js';
import { invitation } from './invitation.decider.js';
import { InvitationLinks } from './invitation-links.js';

const expiresInDaysMax = 3653;

@ApiTags('surveys')
@Controller('v1/surveys/:survey/invitations')
@Needs('feedback.manage')
export class InvitationsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(BranchDirectory) private readonly directory: BranchDirectory,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(InvitationLinks) private readonly links: InvitationLinks,
  ) {}

  /** Throws `DATE_IN_PAST` for a link that nobody could answer, `UNKNOWN_BRANCH`, `OUT_OF_SCOPE`, `UNKNOWN_PATRON`. */
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
    const [today, latest] = [await this.directory.day(), await this.directory.day(expiresInDaysMax)];
    checkDay(body.expiresOn, latest, '/expiresOn', today);
    if (body.branch !== undefined) await this.directory.expectBranch(body.branch);
    await this.scopes.expect(reaches, scopeOf(body.branch));
    if (body.patronId !== undefined) await this.directory.expectPatron(body.patronId);
    const id = uuidv7();
    const { version, marks } = await handle(
      this.store,
      invitation,
      id,
      { type: 'IssueInvitation', id, survey, ...placeOf(body), expiresOn: body.expiresOn },
      meta,
    );
    return new Answer({ id, link: this.links.linkOf(id) }, { status: 201, version, marks });
  }
}

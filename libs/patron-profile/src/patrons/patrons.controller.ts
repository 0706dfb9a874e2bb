import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  changeOf,
  IfMatch,
  joinMarks,
  json,
  ListQuery,
  makingOf,
  Needs,
  pageOf,
  Reaches,
  Reading,
  readOf,
  RequestMeta,
  type ListAsked,
  type Reach,
  type Reader,
} from '@readership/host';
import { EventStore, handle, type Meta } from '@readership/kernel';
import { ConsortiumDirectory } from '../directory/directory.js';
import { PatronSearch, type PatronQuery } from '../search/patron-search.js';
import { CardsBody, CloseBody, ContactBody, MoveBody, PatronBody, ReopenBody } from './patron-bodies.js';
import { patronSchema, patronWrittenSchema } from './patron-schemas.js';
import { PatronCards } from './patron-cards.js';
import { patron, unknownPatron, type PatronCommand } from './patron.decider.js';
import { PatronRecords, type PatronRecord } from './patron-records.js';
import { registrationOf } from './registration.js';
import { Registrations } from './registrations.js';

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The answer to a write: the patron and the new version. The record itself has to be read separately. */
interface Written {
  readonly id: string;
  readonly version: number;
}

@ApiTags('patrons')
@Controller('v1/patrons')
export class PatronsController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ConsortiumDirectory) private readonly directory: ConsortiumDirectory,
    @Inject(Registrations) private readonly registrations: Registrations,
    @Inject(PatronCards) private readonly cards: PatronCards,
    @Inject(PatronRecords) private readonly records: PatronRecords,
    @Inject(PatronSearch) private readonly search: PatronSearch,
  ) {}

  @Post()
  @Needs('patrons.write')
  @Answers({
    ...makingOf(patronWrittenSchema),
    200: json(patronWrittenSchema, 'ETag', 'Location', 'Readership-Position'),
    409: 'A card belongs to somebody else, or the registration has other content.',
  })
  @ApiOperation({ summary: 'Register a patron; the same request again returns the same patron' })
  async register(@Body() body: PatronBody, @RequestMeta() meta: Meta): Promise<Answer<Written>> {
    const registration = registrationOf(body);
    await this.directory.expectBranch(registration.homeBranch);
    const today = await this.directory.dayOf(meta.at);
    const lastDays = await this.directory.lastDays([registration.homeBranch]);
    const { outcomes, marks } = await this.registrations.register([registration], { today, lastDays }, meta);
    const result = outcomes[0]!;
    if (result.outcome === 'refused') throw result.refusal;
    const { id, version } = result;
    return new Answer(
      { id, version },
      {
        status: result.outcome === 'recorded' ? 201 : 200,
        version,
        location: `/v1/patrons/${id}`,
        marks: joinMarks(...marks),
      },
    );
  }

  @Get()
  @Needs('patrons.read')
  @ApiOperation({
    summary: 'Find patrons by card, e-mail address, telephone number or the beginning of the name',
  })
  @ApiQuery({ name: 'card', type: String, required: false })
  @ApiQuery({ name: 'email', type: String, required: false })
  @ApiQuery({ name: 'phone', type: String, required: false })
  @ApiQuery({
    name: 'name',
    type: String,
    required: false,
    description: 'The beginning of the name, in either order and any script.',
  })
  @Answers({ 200: json(pageOf(patronSchema)) })
  async list(
    @Query() query: PatronQuery,
    @ListQuery() asked: ListAsked,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
    @Reading('service') reader: Reader,
  ): Promise<{ items: PatronRecord[]; nextCursor: string | null }> {
    const { ids, how, nextCursor } = await this.search.find(query, asked, reaches, meta);
    return { items: await this.records.read(ids, how, reader), nextCursor };
  }

  @Get(':id')
  @Needs('patrons.read')
  @Answers(readOf(patronSchema))
  @ApiOperation({ summary: 'One patron' })
  async one(@Param('id') id: string, @Reading('service') reader: Reader): Promise<Answer<PatronRecord>> {
    const [record] = await this.records.read([known(id)], 'id', reader);
    if (record === undefined) throw unknownPatron();
    return new Answer(record, { version: record.version });
  }

  @Post(':id/move')
  @Needs('patrons.write')
  @HttpCode(200)
  @Answers({ ...changeOf(patronWrittenSchema), 409: 'The patron is closed.' })
  @ApiOperation({ summary: 'Change the home branch, from a day on' })
  async move(
    @Param('id') id: string,
    @Body() { homeBranch, since }: MoveBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions: readonly number[] | undefined,
  ): Promise<Answer<Written>> {
    known(id);
    await this.directory.expectBranch(homeBranch);
    const today = await this.directory.dayOf(meta.at);
    const lastDay = (await this.directory.lastDays([homeBranch])).get(homeBranch);
    const command = {
      type: 'MovePatron',
      ...{ homeBranch, since, today },
      ...(lastDay === undefined ? {} : { lastDay }),
    } as const;
    return this.tell(id, command, meta, ifVersions);
  }

  @Post(':id/close')
  @Needs('patrons.write')
  @HttpCode(200)
  @Answers(changeOf(patronWrittenSchema))
  @ApiOperation({ summary: 'End the membership, with a reason, on a day' })
  async close(
    @Param('id') id: string,
    @Body() { reason, on }: CloseBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions: readonly number[] | undefined,
  ): Promise<Answer<Written>> {
    const today = await this.directory.dayOf(meta.at);
    return this.tell(id, { type: 'ClosePatron', reason, on, today }, meta, ifVersions);
  }

  @Post(':id/reopen')
  @Needs('patrons.write')
  @HttpCode(200)
  @Answers({ ...changeOf(patronWrittenSchema), 409: 'The patron is open.' })
  @ApiOperation({ summary: 'Reopen the membership on a day' })
  async reopen(
    @Param('id') id: string,
    @Body() { on }: ReopenBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions: readonly number[] | undefined,
  ): Promise<Answer<Written>> {
    const today = await this.directory.dayOf(meta.at);
    return this.tell(id, { type: 'ReopenPatron', on, today }, meta, ifVersions);
  }

  @Post(':id/contact')
  @Needs('patrons.write')
  @HttpCode(200)
  @Answers(changeOf(patronWrittenSchema))
  @ApiOperation({ summary: 'Change names, e-mail address or telephone number' })
  contact(
    @Param('id') id: string,
    @Body() { givenName, familyName, email, phone }: ContactBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions: readonly number[] | undefined,
  ): Promise<Answer<Written>> {
    const change = {
      ...(givenName === undefined ? {} : { givenName }),
      ...(familyName === undefined ? {} : { familyName }),
      ...(email === undefined ? {} : { email }),
      ...(phone === undefined ? {} : { phone }),
    };
    return this.tell(id, { type: 'ChangeContact', change }, meta, ifVersions);
  }

  @Post(':id/cards')
  @Needs('patrons.write')
  @HttpCode(200)
  @Answers({
    ...changeOf(patronWrittenSchema),
    409: 'The patron is closed, or a card belongs to somebody else.',
  })
  @ApiOperation({ summary: 'Add and remove cards' })
  async changeCards(
    @Param('id') id: string,
    @Body() { add = [], remove = [] }: CardsBody,
    @RequestMeta() meta: Meta,
    @IfMatch() ifVersions: readonly number[] | undefined,
  ): Promise<Answer<Written>> {
    const { version, marks } = await this.cards.change(known(id), { add, remove }, meta, ifVersions);
    return new Answer({ id, version }, { version, marks: joinMarks(...marks) });
  }

  private async tell(
    id: string,
    command: PatronCommand,
    meta: Meta,
    ifVersions: readonly number[] | undefined,
  ): Promise<Answer<Written>> {
    const { version, marks } = await handle(this.store, patron, known(id), command, meta, ifVersions);
    return new Answer({ id, version }, { version, marks });
  }
}

/** Throws `PATRON_UNKNOWN` for what cannot be a patron's id. */
function known(id: string): string {
  if (!idPattern.test(id)) throw unknownPatron();
  return id;
}

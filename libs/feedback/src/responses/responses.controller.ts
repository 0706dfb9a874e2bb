import { Body, Controller, Get, Headers, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  Accesses,
  Answer,
  Answers,
  BranchQuery,
  HttpProblem,
  json,
  linesOf,
  ListQuery,
  Needs,
  object,
  oneOf,
  outcomeOfLine,
  pageOf,
  Reaches,
  Reading,
  refused,
  RequestMeta,
  schemaOf,
  Scopes,
  Takes,
  text,
  type ListAsked,
  type Listed,
  type Reach,
  type Reader,
} from '@readership/host';
import { EventStore, type Meta } from '@readership/kernel';
import { DaysQuery } from '../directory/asked-days.js';
import { surveyOf } from '../surveys/surveys.js';
import { recordBatch } from './batch.js';
import { ResponseRecorder } from './recorder.js';
import { ResponseList, responseSchema, type ResponseView } from './response-list.js';
import { sentResponse } from './sent-response.js';

/** The part of the server's reply that sets headers. */
interface Reply {
  header(name: string, value: string): unknown;
}

const sentSchema = { title: 'SentResponse', ...schemaOf(sentResponse) };
const recordedSchema = object({ id: text, outcome: oneOf('recorded', 'already-recorded') });

@ApiTags('surveys')
@Controller('v1/surveys/:survey/responses')
@Needs('feedback.write')
export class ResponsesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ResponseRecorder) private readonly recorder: ResponseRecorder,
    @Inject(ResponseList) private readonly responses: ResponseList,
    @Inject(Scopes) private readonly scopes: Scopes,
    @Inject(Accesses) private readonly accesses: Accesses,
  ) {}

  @Get()
  @Needs('feedback.read')
  @Answers({ 200: json(pageOf(responseSchema)), 404: 'There is no such survey.' })
  @ApiOperation({ summary: 'The responses to a survey, of a branch or of all, newest first' })
  @ApiQuery({
    name: 'comments',
    required: false,
    enum: ['true', 'false'],
    description: 'With true only those in which something was written.',
  })
  @DaysQuery('on which they were answered')
  @BranchQuery()
  async list(
    @Param('survey') survey: string,
    @ListQuery() asked: ListAsked,
    @Reaches() reaches: readonly Reach[],
    @Reading('feedback') reader: Reader,
    @Query('branch') branch?: string,
    @Query('from') from?: string,
    @Query('to') to?: string,
    @Query('comments') comments?: string,
  ): Promise<Listed<ResponseView>> {
    await surveyOf(this.store, survey);
    await this.scopes.expectList(reaches, branch);
    const page = await this.responses.of(survey, { branch, from, to, comments }, asked);
    await this.accesses.record(
      reader,
      'responses',
      page.items.flatMap(({ patronId }) => patronId ?? []),
    );
    return page;
  }

  @Post()
  @ApiOperation({
    summary:
      'Record paper or imported responses, one as JSON or one per line; the same request again changes nothing',
  })
  @Takes({ 'application/json': sentSchema, 'application/x-ndjson': linesOf(sentSchema) })
  @Answers({
    200: {
      content: { 'application/json': recordedSchema, 'application/x-ndjson': linesOf(outcomeOfLine) },
      headers: ['ETag?', 'Readership-Position'],
    },
    201: json(recordedSchema, 'ETag', 'Readership-Position'),
    409: 'The id was used for another response.',
  })
  async record(
    @Param('survey') id: string,
    @Body() body: unknown,
    @Headers('content-type') type: string | undefined,
    @RequestMeta() meta: Meta,
    @Reaches() reaches: readonly Reach[],
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Answer<unknown>> {
    const form = (type ?? '').split(';', 1)[0]!.trim().toLowerCase();
    if (form !== 'application/json' && form !== 'application/x-ndjson') {
      throw new HttpProblem(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send application/json or application/x-ndjson.');
    }
    const { state: survey } = await surveyOf(this.store, id);
    const record = this.recorder.begin(survey, meta, reaches);
    if (Buffer.isBuffer(body)) {
      const { ndjson, marks } = await recordBatch(body, record);
      reply.header('content-type', 'application/x-ndjson');
      return new Answer(ndjson, { status: 200, marks });
    }
    const [recorded] = await record([{ line: 1, value: body }]);
    if (recorded!.outcome === 'refused') throw refused(recorded!.problems, recorded!.status);
    const { outcome, version, marks } = recorded!;
    return new Answer(
      { id: recorded!.id, outcome },
      { status: outcome === 'recorded' ? 201 : 200, version, marks },
    );
  }
}

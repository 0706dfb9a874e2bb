import { Body, Controller, Headers, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  HttpProblem,
  json,
  linesOf,
  Needs,
  object,
  oneOf,
  outcomeOfLine,
  Reaches,
  refused,
  RequestMeta,
  schemaOf,
  Takes,
  text,
  type Reach,
} from '@readership/host';
import { EventStore, type Meta } from '@readership/kernel';
import { surveyOf } from '../surveys/surveys.js';
import { recordBatch } from './batch.js';
import { ResponseRecorder } from './recorder.js';
import { sentResponse } from './sent-response.js';

/** The part of the server's reply that sets headers. */
interface Reply {
  header(name: string, value: string): unknown;
}

const responseSchema = { title: 'SentResponse', ...schemaOf(sentResponse) };
const recordedSchema = object({ id: text, outcome: oneOf('recorded', 'already-recorded') });

@ApiTags('surveys')
@Controller('v1/surveys/:survey/responses')
@Needs('feedback.write')
export class ResponsesController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ResponseRecorder) private readonly recorder: ResponseRecorder,
  ) {}

  @Post()
  @ApiOperation({
    summary:
      'Record paper or imported responses, one as JSON or one per line; the same request again changes nothing',
  })
  @Takes({ 'application/json': responseSchema, 'application/x-ndjson': linesOf(responseSchema) })
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

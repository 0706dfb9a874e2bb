import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answer, AppliedWait, Cursors, listLimit, RequestMeta } from '@readership/host';
import { EventStore, handle, modelId, ReadModels, type Meta } from '@readership/kernel';
import { SurveyBody } from './survey-bodies.js';
import { survey } from './survey.decider.js';
import { surveysList, type ListedSurvey } from './surveys-list.projection.js';
import { surveyOf, surveyView, type SurveyView } from './surveys.js';

const model = modelId(surveysList);

@ApiTags('surveys')
@Controller('v1/surveys')
export class SurveysController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(ReadModels) private readonly models: ReadModels,
    @Inject(AppliedWait) private readonly applied: AppliedWait,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a survey; the same again changes nothing' })
  async create(@Body() body: SurveyBody, @RequestMeta() meta: Meta): Promise<Answer<SurveyView>> {
    const { state, version, events, marks } = await handle(
      this.store,
      survey,
      body.id,
      { type: 'CreateSurvey', ...body },
      meta,
    );
    if (state.status === 'unknown') throw new Error('a survey that was created is unknown');
    const created = events.length > 0;
    return new Answer(surveyView(state), {
      status: created ? 201 : 200,
      version,
      marks,
      ...(created ? { location: `/v1/surveys/${state.id}` } : {}),
    });
  }

  @Get()
  @ApiOperation({ summary: 'The surveys by id' })
  async list(
    @Query('limit') limit?: string,
    @Query('cursor') cursor?: string,
    @Query('after') after?: string,
  ): Promise<{ items: ListedSurvey[]; nextCursor: string | null }> {
    const page = {
      limit: listLimit(limit),
      ...(cursor === undefined ? {} : { after: this.cursors.open<{ surveys: string }>(cursor).surveys }),
    };
    await this.applied.until(after, { own: [model] });
    const { rows, next } = await this.models.find<ListedSurvey>(model, 'id', { prefix: '' }, page);
    return {
      items: rows.map(({ row }) => row),
      nextCursor: next === null ? null : this.cursors.seal({ surveys: next }),
    };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One survey' })
  async one(@Param('id') id: string): Promise<Answer<SurveyView>> {
    const { state, version } = await surveyOf(this.store, id);
    return new Answer(surveyView(state), { version });
  }
}

import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answer,
  Answers,
  json,
  ListQuery,
  Lists,
  makingOf,
  NameQuery,
  Needs,
  pageOf,
  readOf,
  RequestMeta,
  written,
  type ListAsked,
  type Listed,
} from '@readership/host';
import { EventStore, handle, modelId, type Meta } from '@readership/kernel';
import { SurveyBody } from './survey-bodies.js';
import { listedSurveySchema, surveySchema } from './survey-schemas.js';
import { survey } from './survey.decider.js';
import { surveysList, type ListedSurvey } from './surveys-list.projection.js';
import { surveyOf, surveyView, type SurveyView } from './surveys.js';

const model = modelId(surveysList);

@ApiTags('surveys')
@Controller('v1/surveys')
export class SurveysController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Lists) private readonly lists: Lists,
  ) {}

  @Post()
  @Needs('feedback.manage')
  @Answers({ ...makingOf(surveySchema), 409: 'Another survey has this id.' })
  @ApiOperation({ summary: 'Create a survey; the same request again changes nothing' })
  // A survey belongs to no branch and tells nothing of one, so no scope is judged.
  async create(@Body() body: SurveyBody, @RequestMeta() meta: Meta): Promise<Answer<SurveyView>> {
    const command = { type: 'CreateSurvey', ...body } as const;
    const handled = await handle(this.store, survey, body.id, command, meta);
    const { state } = handled;
    if (state.status === 'unknown') throw new Error('a survey that was created is unknown');
    return written(surveyView(state), handled, `/v1/surveys/${state.id}`);
  }

  @Get()
  @Needs('surveys.read')
  @Answers({ 200: json(pageOf(listedSurveySchema)) })
  @ApiOperation({ summary: 'All surveys, or those found by title or id, ordered by id' })
  @NameQuery('the title or id')
  async list(@ListQuery() asked: ListAsked, @Query('q') q?: string): Promise<Listed<ListedSurvey>> {
    const namesOf = (row: ListedSurvey) => [row.id, row.title] as const;
    return this.lists.named({ own: model, index: 'id', q, namesOf }, asked);
  }

  @Get(':id')
  @Needs('surveys.read')
  @Answers(readOf(surveySchema))
  @ApiOperation({ summary: 'One survey' })
  async one(@Param('id') id: string): Promise<Answer<SurveyView>> {
    const { state, version } = await surveyOf(this.store, id);
    return new Answer(surveyView(state), { version });
  }
}

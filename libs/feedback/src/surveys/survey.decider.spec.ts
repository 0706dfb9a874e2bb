import { given } from '@readership/kernel/testing';
import { survey, type CreateSurvey } from './survey.decider.js';
import type { SurveyCreated } from './survey.events.js';

const asked = {
  id: 'spring',
  title: 'Spring survey',
  language: 'en',
  questions: [
    { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
    { id: 'remark', type: 'text', text: 'What else?' },
  ],
} as const;
const create: CreateSurvey = { type: 'CreateSurvey', ...asked };
const created: SurveyCreated = { type: 'SurveyCreated', data: asked };

describe('creating a survey', () => {
  it('records what it asks', () => given(survey).when(create).then(created));

  it('changes nothing when it asks the same', () => given(survey, created).when(create).thenNothing());

  it.each<[string, Partial<CreateSurvey>]>([
    ['title', { title: 'Autumn survey' }],
    ['language', { language: 'de' }],
    ['questions', { questions: asked.questions.slice(0, 1) }],
    ['order of questions', { questions: asked.questions.toReversed() }],
  ])('is refused when the id is taken by another %s', (_what, change) =>
    given(survey, created)
      .when({ ...create, ...change })
      .thenRefused('SURVEY_EXISTS'),
  );

  it('is refused with a question id given twice', () =>
    given(survey)
      .when({ ...create, questions: [asked.questions[0], asked.questions[0]] })
      .thenRefused('QUESTION_TWICE'));
});

import type { Projection, Stored } from '@readership/kernel';
import type { Question, SurveyEvent } from './survey.events.js';

export interface ListedSurvey {
  readonly id: string;
  readonly title: string;
  readonly language: string;
  readonly questions: readonly Question[];
  readonly createdAt: string;
}

/** Every survey, listed in the order of their ids. */
export const surveysList: Projection<Stored<SurveyEvent>, ListedSurvey> = {
  name: 'surveys-list',
  version: 1,
  on: ['SurveyCreated'],
  key: (event) => event.key,
  apply(_row, { data: { id, title, language, questions }, recordedAt }) {
    const asked = questions.map((question) => ({
      id: question.id,
      type: question.type,
      text: question.text,
    }));
    return { id, title, language, questions: asked, createdAt: recordedAt };
  },
  indexes: { id: (row) => [row.id] },
};

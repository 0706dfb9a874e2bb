import { Refusal, type Decider } from '@readership/kernel';
import type { Question, SurveyEvent } from './survey.events.js';

export interface CreateSurvey {
  readonly type: 'CreateSurvey';
  readonly id: string;
  readonly title: string;
  readonly language: string;
  readonly questions: readonly Question[];
}

export interface CreatedSurvey {
  readonly status: 'created';
  readonly id: string;
  readonly title: string;
  readonly language: string;
  readonly questions: readonly Question[];
}

export type Survey = { readonly status: 'unknown' } | CreatedSurvey;

export const survey: Decider<Survey, CreateSurvey, SurveyEvent> = {
  category: 'survey',
  initial: { status: 'unknown' },

  decide({ id, title, language, questions }, state) {
    const ids = new Set(questions.map((question) => question.id));
    if (ids.size !== questions.length) {
      throw new Refusal('QUESTION_TWICE', 'invalid', 'Give each question an id of its own.', '/questions');
    }
    if (state.status === 'unknown') {
      return [{ type: 'SurveyCreated', data: { id, title, language, questions: questions.map(plain) } }];
    }
    if (state.title === title && state.language === language && sameQuestions(state.questions, questions))
      return [];
    throw new Refusal(
      'SURVEY_EXISTS',
      'conflict',
      'A survey with this id has other content: choose another id.',
    );
  },

  evolve(_state, event) {
    return { status: 'created', ...event.data };
  },
};

function plain({ id, type, text }: Question): Question {
  return { id, type, text };
}

function sameQuestions(some: readonly Question[], others: readonly Question[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ id, type, text }, at) => {
      const other = others[at]!;
      return id === other.id && type === other.type && text === other.text;
    })
  );
}

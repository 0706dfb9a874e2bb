import type { Event } from '@readership/kernel';

export type QuestionType = 'nps' | 'csat' | 'text';

export interface Question {
  readonly id: string;
  readonly type: QuestionType;
  /** In the survey's language, as patrons read it. */
  readonly text: string;
}

/** `language` is a BCP 47 tag. Title and questions are the library's own words: known here, never published. */
export type SurveyCreated = Event<
  'SurveyCreated',
  { id: string; title: string; language: string; questions: readonly Question[] }
>;

export type SurveyEvent = SurveyCreated;

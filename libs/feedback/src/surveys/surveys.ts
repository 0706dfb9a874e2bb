import { EventStore, fold, Refusal, type Folded } from '@readership/kernel';
import { survey, type CreatedSurvey } from './survey.decider.js';

/** The current state of a survey. Throws `UNKNOWN_SURVEY`. */
export async function surveyOf(store: EventStore, id: string): Promise<Folded<CreatedSurvey>> {
  const { state, version } = await fold(store, survey, id);
  if (state.status === 'unknown') {
    throw new Refusal('UNKNOWN_SURVEY', 'unknown', 'There is no survey with this id.');
  }
  return { state, version };
}

export type SurveyView = Pick<CreatedSurvey, 'id' | 'title' | 'language' | 'questions'>;

export function surveyView({ id, title, language, questions }: CreatedSurvey): SurveyView {
  return { id, title, language, questions };
}

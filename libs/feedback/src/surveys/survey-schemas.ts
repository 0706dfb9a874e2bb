import { instant, listOf, object, oneOf, resource, text } from '@readership/host';

const survey = {
  id: text,
  title: text,
  language: text,
  questions: listOf(object({ id: text, type: oneOf('nps', 'csat', 'text'), text })),
};

/** The OpenAPI schema of `SurveyView`. */
export const surveySchema = resource('Survey', survey);

/** The OpenAPI schema of `ListedSurvey`. */
export const listedSurveySchema = resource('ListedSurvey', { ...survey, createdAt: instant });

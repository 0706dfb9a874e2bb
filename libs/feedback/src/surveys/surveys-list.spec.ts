import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { SurveyCreated } from './survey.events.js';
import { surveysList } from './surveys-list.projection.js';

const data = {
  id: 'spring',
  title: 'Spring',
  language: 'en',
  questions: [{ id: 'q', type: 'nps' as const, text: 'Would you?' }],
};
const created = {
  type: 'SurveyCreated',
  key: 'survey-spring',
  data,
  recordedAt: '2024-03-01T10:00:00.000Z',
} as unknown as Stored<SurveyCreated>;
const row = { ...data, createdAt: '2024-03-01T10:00:00.000Z' };

it('lists a survey with the time it was created, once however often it is told', () => {
  projected(surveysList, created).thenRow('survey-spring', row);
  projected(surveysList, created, created).thenRow('survey-spring', row);
});

it('leaves out what was added to the event', () =>
  projected(surveysList, withPrivateFields(created, '1815-12-10')).thenRow('survey-spring', row));

it('finds it by its id', () => expect(surveysList.indexes?.['id']?.(row)).toEqual(['spring']));

import type { Projection, Stored } from '@readership/kernel';
import { placeOfInstant } from '../newest-first.js';
import type { ResponseEvent } from './response.events.js';

/** A response in a list. What was answered is read from its stream, where it can be forgotten. */
export interface ListedResponse {
  /** Of its stream. */
  readonly id: string;
  readonly survey: string;
  readonly answeredAt: string;
  readonly branch?: string;
  /** True when something was written, also once it was forgotten. */
  readonly hasComments: boolean;
}

/** Found under `<survey>/all/` and `<survey>/comments/`, and under the same of a branch, the latest answer first. */
export const responsesList: Projection<Stored<ResponseEvent>, ListedResponse> = {
  name: 'responses-list',
  version: 1,
  on: ['SurveyAnswered'],
  key: (event) => responseKey(event.key, event.data.response),
  apply: (_row, { data: { response, survey, answeredAt, branch }, personal }) => ({
    id: response,
    survey,
    answeredAt,
    ...(branch === undefined ? {} : { branch }),
    hasComments: personal !== undefined,
  }),
  indexes: {
    newest: (row) => placesOf(row).map((place) => `${row.survey}/${place}`),
    'newest-of-branch': (row) =>
      row.branch === undefined ? [] : placesOf(row).map((place) => `${row.survey}/${row.branch}/${place}`),
  },
};

/** The key of a response's row. `key` is that of its event. */
export function responseKey(key: string, response: string): string {
  return `${key}/${response}`;
}

function placesOf({ id, answeredAt, hasComments }: ListedResponse): readonly string[] {
  const place = `${placeOfInstant(answeredAt)}/${id}`;
  return hasComments ? [`all/${place}`, `comments/${place}`] : [`all/${place}`];
}

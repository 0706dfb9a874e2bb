import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { ResponseEvent } from './response.events.js';
import { responsesList, type ListedResponse } from './responses-list.projection.js';

const answered = (change: object = {}, personal?: object | null): Stored<ResponseEvent> =>
  ({
    type: 'SurveyAnswered',
    key: 'p1',
    data: {
      survey: 'spring',
      response: 'r1',
      patronId: 'p1',
      branch: 'NORTH',
      answeredAt: '2024-04-02T12:00:00.000Z',
      scores: [{ question: 'q', type: 'nps', score: 9 }],
      digest: 'd',
      ...change,
    },
    ...(personal === undefined ? {} : { personal }),
  }) as unknown as Stored<ResponseEvent>;

const row: ListedResponse = {
  ...{ id: 'r1', survey: 'spring', answeredAt: '2024-04-02T12:00:00.000Z', branch: 'NORTH' },
  hasComments: false,
};
const commented = { ...row, hasComments: true };

it('lists a response without what was answered, once however often it is told', () => {
  projected(responsesList, answered()).thenRow('p1/r1', row);
  projected(responsesList, answered(), answered()).thenRow('p1/r1', row);
  projected(responsesList, answered({}, { texts: { why: 'Because.' } })).thenRow('p1/r1', commented);
  projected(responsesList, withPrivateFields(answered(), '1815-12-10')).thenRow('p1/r1', row);
});

it('remembers that something was written when it cannot be decrypted', () =>
  projected(responsesList, answered({}, null)).thenRow('p1/r1', commented));

it('finds the latest answer first, of a survey and at each branch, with comments or without', () => {
  const { newest, 'newest-of-branch': ofBranch } = responsesList.indexes!;
  const later = { ...row, id: 'r2', answeredAt: '2024-04-02T12:00:00.001Z' };
  const values = [newest!(row)[0]!, newest!(later)[0]!];
  expect(values.toSorted()).toEqual(values.toReversed());
  const listsOf = (places: readonly string[]) =>
    places.map((place) => place.split('/').slice(0, -2).join('/'));
  expect(listsOf(newest!(row))).toEqual(['spring/all']);
  expect(listsOf(newest!(commented))).toEqual(['spring/all', 'spring/comments']);
  expect(listsOf(ofBranch!(commented))).toEqual(['spring/NORTH/all', 'spring/NORTH/comments']);
  const { id, survey, answeredAt, hasComments } = row;
  expect(ofBranch!({ id, survey, answeredAt, hasComments })).toEqual([]);
});

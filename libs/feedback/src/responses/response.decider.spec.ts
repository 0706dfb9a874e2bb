import { given } from '@readership/kernel/testing';
import { response, type AnswerSurvey } from './response.decider.js';
import type { SurveyAnswered } from './response.events.js';

const scores = [{ question: 'recommend', type: 'nps', score: 9 }] as const;
const facts = {
  survey: 'spring',
  response: 'r1',
  branch: 'NORTH',
  answeredAt: '2024-04-02T10:00:00.000Z',
  scores,
  digest: 'd1',
};
const answer: AnswerSurvey = { type: 'AnswerSurvey', ...facts, texts: { remark: 'Lovely' } };
const answered: SurveyAnswered = {
  type: 'SurveyAnswered',
  data: facts,
  personal: { texts: { remark: 'Lovely' } },
};

describe('answering a survey', () => {
  it('keeps scores in the open and texts in the personal part', () =>
    given(response).when(answer).then(answered));

  it('has no personal part without texts', () =>
    given(response)
      .when({ ...answer, texts: {} })
      .then({ type: 'SurveyAnswered', data: facts }));

  it('changes nothing when it says the same', () => given(response, answered).when(answer).thenNothing());

  it('knows the same also when the texts were forgotten', () =>
    given(response, { ...answered, personal: null })
      .when(answer)
      .thenNothing());

  it('is refused when its id said something else', () =>
    given(response, answered)
      .when({ ...answer, digest: 'd2' })
      .thenRefused('ID_REUSED'));

  it('is refused a second time by invitation, even with the same answers', () => {
    const invited = { ...answer, invitation: 'i1' };
    given(response, { ...answered, data: { ...facts, invitation: 'i1' } })
      .when(invited)
      .thenRefused('ALREADY_ANSWERED');
  });

  it('is refused after the last day of the branch, but what was recorded is known again', () => {
    const late = { ...answer, lastDay: '2024-04-01' };
    given(response).when(late).thenRefused('BRANCH_CLOSED');
    given(response, answered).when(late).thenNothing();
  });
});

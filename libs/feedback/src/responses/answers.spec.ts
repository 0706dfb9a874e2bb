import type { Question } from '../surveys/survey.events.js';
import { judge } from './answers.js';

const questions: readonly Question[] = [
  { id: 'recommend', type: 'nps', text: '?' },
  { id: 'satisfied', type: 'csat', text: '?' },
  { id: 'remark', type: 'text', text: '?' },
];
const faults = (answers: Record<string, unknown>) => judge(questions, answers).faults.map(({ code }) => code);

describe('answers', () => {
  it('are taken in the order of the survey', () =>
    expect(
      judge(questions, { remark: ' Good.\r\nمی\u200cخواهم 👩‍🔬\u202e ', satisfied: 5, recommend: 0 }),
    ).toEqual({
      scores: [
        { question: 'recommend', type: 'nps', score: 0 },
        { question: 'satisfied', type: 'csat', score: 5 },
      ],
      texts: { remark: 'Good.\nمی\u200cخواهم 👩‍🔬' },
      faults: [],
    }));

  it('may leave questions out, by null and a blank text too', () => {
    expect(faults({ satisfied: 1 })).toEqual([]);
    expect(faults({ satisfied: 1, recommend: null, remark: '\u200b' })).toEqual([]);
    expect(faults({ satisfied: 1, recommend: '', remark: null })).toEqual([]);
  });

  it.each([-1, 11, 9.5, '9', true, [9], NaN])('of NPS are no %p', (value) =>
    expect(faults({ recommend: value })).toEqual(['SCORE_OUT_OF_RANGE']),
  );

  it.each([0, 6, 4.5, '4'])('of CSAT are no %p', (value) =>
    expect(faults({ satisfied: value })).toEqual(['SCORE_OUT_OF_RANGE']),
  );

  it.each([5, 'a\u0000b', 'a\u0007', '\ud800'])('in text are no %p', (value) =>
    expect(faults({ remark: value })).toEqual(['NOT_A_TEXT']),
  );

  it('in text have at most 5,000 characters', () => {
    expect(faults({ remark: 'x'.repeat(5000) })).toEqual([]);
    expect(faults({ remark: 'x'.repeat(5001) })).toEqual(['TEXT_TOO_LONG']);
  });

  it('fit in one event together', () => {
    const many = Array.from({ length: 10 }, (_, at) => ({ id: `t${at}`, type: 'text', text: '?' }) as const);
    const answers = Object.fromEntries(many.map(({ id }) => [id, '漢'.repeat(5000)]));
    expect(judge(many, answers).faults).toEqual([{ code: 'TEXTS_TOO_LONG' }]);
  });

  it('are to questions that the survey asks', () =>
    expect(faults({ recommend: 9, other: 1 })).toEqual(['UNKNOWN_QUESTION']));

  it('are at least one', () => {
    expect(faults({})).toEqual(['NO_ANSWER']);
    expect(faults({ remark: ' \n' })).toEqual(['NO_ANSWER']);
  });
});

import { satisfaction, type AnswerEvent } from './satisfaction.tally.js';

function answered(data: Partial<AnswerEvent['data']>): AnswerEvent {
  return {
    type: 'SurveyAnswered',
    key: 'response-r',
    data: { survey: 's', response: 'r', answeredAt: '2024-06-30T23:00:00.000Z', scores: [], ...data },
  } as unknown as AnswerEvent;
}

describe('satisfaction', () => {
  it('counts each score at the branch and in the month of the time zone it was given in', () => {
    const event = answered({
      branch: 'NORTH',
      scores: [
        { question: 'a', type: 'nps', score: 10 },
        { question: 'b', type: 'csat', score: 4 },
      ],
    });
    expect([...satisfaction('UTC').cells(event)]).toEqual([
      ['nps:10|NORTH|2024-06', 1],
      ['nps:10|*|2024-06', 1],
      ['csat:4|NORTH|2024-06', 1],
      ['csat:4|*|2024-06', 1],
    ]);
    expect([...satisfaction('Asia/Tokyo').cells(event).keys()]).toEqual([
      'nps:10|NORTH|2024-07',
      'nps:10|*|2024-07',
      'csat:4|NORTH|2024-07',
      'csat:4|*|2024-07',
    ]);
  });

  it('counts what names no branch for the consortium alone', () => {
    const event = answered({ scores: [{ question: 'a', type: 'nps', score: 0 }] });
    expect([...satisfaction('UTC').cells(event)]).toEqual([['nps:0|*|2024-06', 1]]);
  });

  it('counts a response once for each kind of item: the first that was answered', () => {
    const scores = [
      { question: 'b', type: 'csat' as const, score: 2 },
      { question: 'c', type: 'nps' as const, score: 9 },
      { question: 'd', type: 'csat' as const, score: 5 },
      { question: 'e', type: 'nps' as const, score: 9 },
      { question: 'f', type: 'csat' as const, score: 2 },
    ];
    expect([...satisfaction('UTC').cells(answered({ scores }))]).toEqual([
      ['csat:2|*|2024-06', 1],
      ['nps:9|*|2024-06', 1],
    ]);
  });

  it('counts every answer in builds that began with version 1', () => {
    const scores = [
      { question: 'a', type: 'csat' as const, score: 5 },
      { question: 'b', type: 'csat' as const, score: 5 },
    ];
    const first = satisfaction('UTC', 1);
    expect([...first.cells(answered({ scores }))]).toEqual([['csat:5|-|2024-06', 2]]);
    expect([first.version, satisfaction('UTC').version]).toEqual([1, 3]);
  });

  it('has no counts of the consortium in builds that began with version 2', () => {
    const scores = [{ question: 'a', type: 'nps' as const, score: 7 }];
    const event = answered({ branch: 'NORTH', scores });
    expect([...satisfaction('UTC', 2).cells(event)]).toEqual([['nps:7|NORTH|2024-06', 1]]);
  });
});

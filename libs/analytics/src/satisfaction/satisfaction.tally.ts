import type { PublishedEvent } from '@readership/contracts';
import type { EventTally } from '@readership/kernel';
import { monthlyCell } from '../calendar/monthly.js';
import { monthIn } from '../calendar/months.js';

export type AnswerEvent = PublishedEvent<'SurveyAnswered'>;

/** The possible scores of each kind of item. */
export const scoresOf = {
  nps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  csat: [1, 2, 3, 4, 5],
} as const;

/** The series of answers with a score. */
export const answers = (item: keyof typeof scoresOf, score: number): string => `${item}:${score}`;

/** Histograms of NPS and CSAT answers, at their branch and in the month of the time zone in which they were given. */
export function satisfaction(timeZone: string): EventTally<AnswerEvent> {
  const monthOf = monthIn(timeZone);
  return {
    name: 'satisfaction',
    version: 1,
    on: ['SurveyAnswered'],
    cells({ data }) {
      const cells = new Map<string, number>();
      const month = monthOf(data.answeredAt);
      for (const { type, score } of data.scores) {
        const cell = monthlyCell(answers(type, score), data.branch, month);
        cells.set(cell, (cells.get(cell) ?? 0) + 1);
      }
      return cells;
    },
  };
}

import type { PublishedEvent } from '@readership/contracts';
import type { EventTally } from '@readership/kernel';
import { monthlyCells } from '../calendar/monthly.js';
import { monthIn } from '../calendar/months.js';

export type AnswerEvent = PublishedEvent<'SurveyAnswered'>;

/** The possible scores of each kind of item. */
export const scoresOf = {
  nps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  csat: [1, 2, 3, 4, 5],
} as const;

/** The series of responses with a score. */
export const answers = (item: keyof typeof scoresOf, score: number): string => `${item}:${score}`;

/**
 * Histograms of responses by their NPS and CSAT scores, at their branch and in the month of the time zone in which they
 * were given. A response counts once for each kind of item: of several, the first in the survey that was answered.
 *
 * Versions 1 and 2 are for builds that began with them. They have no counts of the consortium, and version 1 counts
 * every answer.
 */
export function satisfaction(timeZone: string, version: 1 | 2 | 3 = 3): EventTally<AnswerEvent> {
  const monthOf = monthIn(timeZone);
  return {
    name: 'satisfaction',
    version,
    on: ['SurveyAnswered'],
    cells({ data }) {
      const cells = new Map<string, number>();
      const month = monthOf(data.answeredAt);
      // Scores are in the survey's order.
      const first = data.scores.filter(
        ({ type }, at) => data.scores.findIndex((other) => other.type === type) === at,
      );
      for (const { type, score } of version > 1 ? first : data.scores) {
        for (const cell of monthlyCells(answers(type, score), data.branch, month, version > 2))
          cells.set(cell, (cells.get(cell) ?? 0) + 1);
      }
      return cells;
    },
  };
}

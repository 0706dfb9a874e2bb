import { isBlank, isProse, proseOf } from '@readership/contracts';
import type { Question } from '../surveys/survey.events.js';
import type { Score } from './response.events.js';

export const answerLimits = {
  textCharsMax: 5_000,
  /** The size of all texts of one response as JSON. It leaves room for encryption within the store's limit of a body. */
  textsBytesMax: 40 * 1024,
} as const;

/** A JSON value as it came, or the text of a form's field. */
export type Answers = Readonly<Record<string, unknown>>;

export type AnswerFault =
  'UNKNOWN_QUESTION' | 'SCORE_OUT_OF_RANGE' | 'NOT_A_TEXT' | 'TEXT_TOO_LONG' | 'TEXTS_TOO_LONG' | 'NO_ANSWER';

export interface Judged {
  /** In the survey's order. */
  readonly scores: readonly Score[];
  readonly texts: Readonly<Record<string, string>>;
  /** `question` is absent when the whole response is at fault. */
  readonly faults: readonly { readonly code: AnswerFault; readonly question?: string }[];
}

const range = { nps: [0, 10], csat: [1, 5] } as const;

/** The possible scores of a question of this type, lowest first. */
export function scoresOf(type: 'nps' | 'csat'): readonly number[] {
  const [low, high] = range[type];
  return Array.from({ length: high - low + 1 }, (_, at) => low + at);
}

/**
 * Checks answers against the questions of their survey. `null` and a blank text count as omitted. At least one question
 * must be answered.
 */
export function judge(questions: readonly Question[], answers: Answers): Judged {
  const scores: Score[] = [];
  const texts: Record<string, string> = {};
  const faults: { code: AnswerFault; question?: string }[] = [];
  for (const { id, type } of questions) {
    if (!Object.hasOwn(answers, id)) continue;
    const value = answers[id];
    if (value === null || (typeof value === 'string' && isBlank(value))) continue;
    if (type === 'text') {
      const isLong = typeof value === 'string' && value.length > 4 * answerLimits.textCharsMax;
      const prose = typeof value === 'string' && !isLong ? proseOf(value) : '';
      if (typeof value !== 'string' || !isProse(prose)) faults.push({ code: 'NOT_A_TEXT', question: id });
      else if (isLong || prose.length > answerLimits.textCharsMax)
        faults.push({ code: 'TEXT_TOO_LONG', question: id });
      else texts[id] = prose;
    } else if (typeof value === 'number' && scoresOf(type).includes(value)) {
      scores.push({ question: id, type, score: value });
    } else {
      faults.push({ code: 'SCORE_OUT_OF_RANGE', question: id });
    }
  }
  const known = new Set(questions.map(({ id }) => id));
  for (const id of Object.keys(answers)) {
    if (!known.has(id)) faults.push({ code: 'UNKNOWN_QUESTION', question: id });
  }
  if (faults.length === 0) {
    if (new TextEncoder().encode(JSON.stringify(texts)).length > answerLimits.textsBytesMax) {
      faults.push({ code: 'TEXTS_TOO_LONG' });
    }
    if (scores.length === 0 && Object.keys(texts).length === 0) faults.push({ code: 'NO_ANSWER' });
  }
  return { scores, texts, faults };
}

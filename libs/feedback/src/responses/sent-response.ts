import { pointerOf, problemsOf, withoutAbsent, type Problem } from '@readership/host';
import { z } from 'zod';
import type { Question } from '../surveys/survey.events.js';
import { oneLine, uuid } from '../text.js';
import { judge, type AnswerFault, type Answers, type Judged } from './answers.js';

const dayMs = 86_400_000;
const earliestMs = Date.UTC(1900, 0, 1);

/** A response from paper or an import. Its answers are checked separately, against the survey's questions. */
export const sentResponse = z.strictObject({
  id: z
    .string('BAD_ID: The id is 1 to 128 characters.')
    .min(1, 'BAD_ID: The id is 1 to 128 characters.')
    .max(128, 'BAD_ID: The id is 1 to 128 characters.')
    .regex(oneLine, 'BAD_ID: The id is one line without control characters.'),
  answeredAt: z.iso.datetime({
    offset: true,
    error: 'BAD_TIME: The time must be RFC 3339 with an offset, such as 2024-03-31T09:15:00+02:00.',
  }),
  patronId: z
    .string('BAD_PATRON_ID: A patron id is a UUID.')
    .regex(uuid, 'BAD_PATRON_ID: A patron id is a UUID.')
    .transform((id) => id.toLowerCase())
    .optional(),
  branch: z
    .string('BAD_BRANCH: A branch is named by its id.')
    .regex(/^[A-Za-z0-9-]{1,32}$/, 'BAD_BRANCH: A branch is named by its id.')
    .optional(),
  answers: z.record(z.string(), z.unknown(), 'BAD_ANSWERS: The answers are an object, by question id.'),
});

export interface ReadResponse {
  readonly id: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly answeredAt: string;
  readonly patronId?: string;
  readonly branch?: string;
  readonly scores: Judged['scores'];
  readonly texts: Judged['texts'];
}

const remedies: Readonly<Record<AnswerFault, string>> = {
  UNKNOWN_QUESTION: 'The survey has no question with this id.',
  SCORE_OUT_OF_RANGE: 'An NPS answer is an integer from 0 to 10, a CSAT answer one from 1 to 5.',
  NOT_A_TEXT: 'The answer to a text question is a text without control characters.',
  TEXT_TOO_LONG: 'A text has at most 5,000 characters.',
  TEXTS_TOO_LONG: 'All texts of a response are at most 40 KiB.',
  NO_ANSWER: 'Answer at least one question.',
};

/** Reads one response to a survey. Never throws; returns all problems. */
export function readResponse(
  questions: readonly Question[],
  sent: unknown,
  nowMs: number,
): ReadResponse | readonly Problem[] {
  const { success, data, error } = sentResponse.safeParse(withoutAbsent(sentResponse, sent));
  if (!success) return schemaProblems(error);
  const at = Date.parse(data.answeredAt);
  if (at < earliestMs) {
    return [{ code: 'TIME_TOO_EARLY', detail: 'The time is before 1900.', pointer: '/answeredAt' }];
  }
  if (!(at <= nowMs + dayMs)) {
    return [
      {
        code: 'TIME_IN_FUTURE',
        detail: 'The time is more than a day in the future.',
        pointer: '/answeredAt',
      },
    ];
  }
  const judged = judgeAnswers(questions, data.answers);
  if (isProblems(judged)) return judged;
  const { id, patronId, branch } = data;
  return {
    id,
    answeredAt: new Date(at).toISOString(),
    ...(patronId === undefined ? {} : { patronId }),
    ...(branch === undefined ? {} : { branch }),
    scores: judged.scores,
    texts: judged.texts,
  };
}

/** What a schema found, never empty. A message of ours is a code, a colon and the detail. */
export function schemaProblems(error: z.ZodError): readonly Problem[] {
  return problemsOf(error, (message, pointer) => {
    if (message === null) return { code: 'UNKNOWN_FIELD', detail: 'There is no such field.', pointer };
    const [code, detail] = /^([A-Z_]+): (.+)$/.exec(message)?.slice(1) ?? [];
    return {
      code: code ?? 'INVALID',
      detail: detail ?? 'A field is missing or not valid.',
      ...(pointer === '' ? {} : { pointer }),
    };
  });
}

/** The checked answers, or their problems. */
export function judgeAnswers(questions: readonly Question[], answers: Answers): Judged | readonly Problem[] {
  const judged = judge(questions, answers);
  if (judged.faults.length === 0) return judged;
  return judged.faults.map(({ code, question }) => ({
    code,
    detail: remedies[code],
    pointer: question === undefined ? '/answers' : pointerOf('answers', question),
  }));
}

export function isProblems<T>(read: T | readonly Problem[]): read is readonly Problem[] {
  return Array.isArray(read);
}

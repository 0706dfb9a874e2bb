import { codeId, isoMonth, lineOf, money } from '@readership/contracts';
import { HttpProblem, ndjsonLines, problemsOf, readLines, refused } from '@readership/host';
import { Refusal } from '@readership/kernel';
import { z } from 'zod';
import type { Cost } from './cost.decider.js';

/** One branch, month and category. The amount is in minor units, so that sums of many stay exact. */
export const costBody = z.strictObject({
  branch: codeId,
  month: isoMonth.refine((month) => month >= '1900'),
  category: z
    .string()
    .max(256, { abort: true })
    .overwrite(lineOf)
    .regex(/^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} &+.,()/-]{0,62}[\p{L}\p{M}\p{N}.)])?$/u),
  amount: z.strictObject({ minor: z.int().min(0).max(1_000_000_000_000), currency: money.shape.currency }),
});

/** What would be right, by field. */
const remedies: Readonly<Record<string, string>> = {
  '': 'Send a JSON object.',
  '/branch': 'Give the id of a branch.',
  '/month': 'Give a month from 1900 on, such as 2024-03.',
  '/category': 'Give a category of 1 to 64 letters, digits, spaces and & + . , ( ) / -, such as staff.',
  '/amount': 'Give an amount as an object of minor and currency.',
  '/amount/minor': 'Give a whole number of minor units from 0 to 1,000,000,000,000.',
  '/amount/currency': 'Give a currency code of ISO 4217, such as EUR.',
};

export const costExample: Cost = {
  branch: 'NORTH',
  month: '2024-03',
  category: 'staff',
  amount: { minor: 1_250_000, currency: 'EUR' },
};

/**
 * Parses a cost. Refuses months that have not begun, with a day's grace for clocks and time zones, because they have no
 * costs yet.
 */
export function parseCost(value: unknown, now: Date): Cost {
  const parsed = costBody.safeParse(value);
  if (!parsed.success) {
    const errors = problemsOf(parsed.error, (message, pointer, kind) => ({
      code: message === null ? 'UNKNOWN_FIELD' : kind.toUpperCase(),
      detail:
        message === null ? 'There is no such field.' : (remedies[pointer] ?? 'This field is not valid.'),
      pointer,
    }));
    const { more } = refused(errors);
    throw new HttpProblem(422, 'INVALID', 'Some fields are not valid; see errors.', more);
  }
  if (parsed.data.month > new Date(now.getTime() + 86_400_000).toISOString().slice(0, 7)) {
    throw new Refusal('MONTH_AHEAD', 'invalid', 'Give a month that has begun.', '/month');
  }
  return parsed.data;
}

export interface Line {
  readonly line: number;
  readonly parsed: { readonly cost: Cost } | { readonly problem: Problem };
}

interface Problem {
  readonly code: string;
  readonly detail: string;
}

/** Parses the lines of a batch. A bad line is refused alone. Rejects for a body that is not UTF-8 or has too many lines. */
export async function parseCostLines(bytes: Buffer, now: Date): Promise<readonly Line[]> {
  return readLines<Line>(ndjsonLines(bytes), ({ line, value, unreadable }) => {
    try {
      if (unreadable !== undefined) throw unreadable;
      return { line, parsed: { cost: parseCost(value, now) } };
    } catch (error) {
      return { line, parsed: { problem: problemOf(error) } };
    }
  });
}

export function problemOf(error: unknown): Problem {
  if (error instanceof HttpProblem) {
    const [first] = error.more.errors ?? [];
    return { code: error.code, detail: first ? `${first.pointer}: ${first.detail}` : error.detail };
  }
  if (error instanceof Refusal) return { code: error.code, detail: error.detail };
  throw error;
}

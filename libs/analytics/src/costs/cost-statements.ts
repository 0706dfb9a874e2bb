import { codeId, isoMonth, lineOf, money } from '@readership/contracts';
import { HttpProblem, ndjsonLines } from '@readership/host';
import { Refusal } from '@readership/kernel';
import { z } from 'zod';
import type { Cost } from './cost.decider.js';

/** One branch, month and category. The amount is in minor units, so that sums of many stay exact. */
export const costBody = z.strictObject({
  branch: codeId,
  month: isoMonth.refine((month) => month >= '1900', 'Give a month from 1900 on.'),
  category: z
    .string()
    .max(256, { abort: true })
    .overwrite(lineOf)
    .regex(
      /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} &+.,()/-]{0,62}[\p{L}\p{M}\p{N}.)])?$/u,
      'Give 1 to 64 letters, digits, spaces and & + . , ( ) / -, beginning with a letter or digit.',
    ),
  amount: z.strictObject({ minor: z.int().min(0).max(1_000_000_000_000), currency: money.shape.currency }),
});

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
    throw new HttpProblem(422, 'INVALID', 'Some fields are not valid; see errors.', {
      errors: parsed.error.issues.flatMap((issue) => {
        const pointer = issue.path.map((part) => `/${String(part)}`).join('');
        return issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({
              pointer: `${pointer}/${key}`,
              code: 'UNKNOWN_FIELD',
              detail: 'There is no such field.',
            }))
          : [{ pointer, code: issue.code.toUpperCase(), detail: issue.message }];
      }),
    });
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

/** Parses the lines of a batch. A bad line is refused alone. Throws for a body that is not UTF-8 or has too many lines. */
export function parseCostLines(bytes: Buffer, now: Date): Line[] {
  return Array.from(ndjsonLines(bytes), ({ line, value, unreadable }) => {
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

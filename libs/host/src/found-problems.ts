import type { z } from 'zod';
import { HttpProblem } from './http-problem.js';

/** One thing that is wrong with what was sent, with a stable code. It never repeats what was sent. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  /** JSON pointer to the field at fault. */
  readonly pointer?: string;
}

const toldMax = { problems: 20, segmentChars: 64 } as const;

/** The answer to a request with these problems, at least one. Its own code and detail are those of the first. */
export function refused(problems: readonly Problem[], status = 422): HttpProblem {
  const { code, detail } = problems[0]!;
  const errors = problems
    .slice(0, toldMax.problems)
    .flatMap(({ pointer, ...rest }) => (pointer === undefined ? [] : [{ pointer, ...rest }]));
  return new HttpProblem(status, code, detail, errors.length === 0 ? {} : { errors });
}

/** The JSON pointer of a field. Long names are cut, because senders may choose them. */
export function pointerOf(...path: readonly PropertyKey[]): string {
  return path
    .map((segment) => {
      const name = String(segment).slice(0, toldMax.segmentChars);
      return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    })
    .join('');
}

/**
 * The problems that a schema found, never empty. `problemOf` makes one of the schema's own message, or of `null` for a
 * field that the schema does not have, and of the pointer to the field.
 */
export function problemsOf(
  error: z.ZodError,
  problemOf: (message: string | null, pointer: string) => Problem,
): readonly Problem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => problemOf(null, pointerOf(...issue.path, key)))
      : [problemOf(issue.message, pointerOf(...issue.path))],
  );
}

import type { z } from 'zod';
import { HttpProblem } from './http-problem.js';
import { errorsMax } from './problem.js';

/** One thing that is wrong with what was sent, with a stable code. It never repeats what was sent. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  /** JSON pointer to the field at fault. */
  readonly pointer?: string;
}

const segmentCharsMax = 64;

/** The answer to a request with these problems, at least one. Its own code and detail are those of the first. */
export function refused(problems: readonly Problem[], status = 422): HttpProblem {
  const { code, detail } = problems[0]!;
  const errors = problems.flatMap(({ pointer, ...rest }) =>
    pointer === undefined ? [] : [{ pointer, ...rest }],
  );
  return new HttpProblem(status, code, detail, errors.length === 0 ? {} : { errors });
}

/** The JSON pointer of a field. Long names are cut, because senders may choose them. */
export function pointerOf(...path: readonly PropertyKey[]): string {
  return path
    .map((segment) => {
      const name = String(segment).slice(0, segmentCharsMax);
      return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    })
    .join('');
}

/**
 * The problems that a schema found, never empty. `problemOf` makes one of the schema's own message, or of `null` for a
 * field that the schema does not have, of the pointer to the field, and of the kind of issue.
 */
export function problemsOf(
  error: z.ZodError,
  problemOf: (message: string | null, pointer: string, kind: string) => Problem,
): readonly Problem[] {
  return error.issues.flatMap(({ code, message, path, ...issue }) => {
    const pointer = pointerOf(...path);
    if (!('keys' in issue) || code !== 'unrecognized_keys') return [problemOf(message, pointer, code)];
    const keys = issue.keys as readonly string[];
    // There may be very many of them, and only so many are listed.
    const unlisted = problemOf(null, pointer, code);
    return keys.map((key, at) =>
      at < errorsMax ? problemOf(null, pointer + pointerOf(key), code) : unlisted,
    );
  });
}

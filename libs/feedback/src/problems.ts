import { HttpProblem } from '@readership/host';
import type { z } from 'zod';

/** What is wrong with something that was sent, by stable code. Never repeats what was sent. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  /** JSON pointer to the field at fault. */
  readonly pointer?: string;
}

const told = { problemsMax: 20, segmentCharsMax: 64 } as const;

/** All that is wrong with a request; its own code is that of the first. */
export function refused(problems: readonly Problem[], status = 422): HttpProblem {
  const { code, detail } = problems[0]!;
  const errors = problems
    .slice(0, told.problemsMax)
    .flatMap(({ pointer, ...rest }) => (pointer === undefined ? [] : [{ pointer, ...rest }]));
  return new HttpProblem(status, code, detail, errors.length === 0 ? {} : { errors });
}

export function pointerOf(...path: readonly PropertyKey[]): string {
  return path
    .map((segment) => {
      const name = String(segment).slice(0, told.segmentCharsMax);
      return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    })
    .join('');
}

/** What a schema found, never empty. A schema's own message is the detail where it says one with a code before a colon. */
export function problemsOf(error: z.ZodError): readonly Problem[] {
  return error.issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        code: 'UNKNOWN_FIELD',
        detail: 'There is no such field.',
        pointer: pointerOf(...issue.path, key),
      }));
    }
    const [code, detail] = /^([A-Z_]+): (.+)$/.exec(issue.message)?.slice(1) ?? [];
    const pointer = issue.path.length === 0 ? {} : { pointer: pointerOf(...issue.path) };
    return [{ code: code ?? 'INVALID', detail: detail ?? 'A field is missing or not valid.', ...pointer }];
  });
}

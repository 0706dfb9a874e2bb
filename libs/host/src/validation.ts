import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { HttpProblem, type FieldProblem } from './http-problem.js';

/** Bodies as class-validator classes: nothing unknown passes; all that is wrong is told at once, without its value. */
export function bodyValidation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      new HttpProblem(422, 'INVALID', 'Some fields are not as they must be; see errors.', {
        errors: errors.flatMap((error) => problemsOf(error, '')),
      }),
  });
}

function problemsOf(error: ValidationError, parent: string): readonly FieldProblem[] {
  const name = (error.property ?? '').replaceAll('~', '~0').replaceAll('/', '~1');
  const pointer = error.property === undefined || error.property === '' ? parent : `${parent}/${name}`;
  return [
    ...Object.entries(error.constraints ?? {}).map(([constraint, detail]) => ({
      pointer,
      code: codeOf(constraint),
      detail: constraint === 'unknownValue' ? 'Send a JSON object.' : detail,
    })),
    ...(error.children ?? []).flatMap((child) => problemsOf(child, pointer)),
  ];
}

/** `isString` → `IS_STRING`. */
function codeOf(constraint: string): string {
  if (constraint === 'whitelistValidation') return 'UNKNOWN_FIELD';
  if (constraint === 'unknownValue') return 'NOT_AN_OBJECT';
  return constraint.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

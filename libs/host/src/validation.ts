import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { HttpProblem, type FieldProblem } from './http-problem.js';

/** Bodies as class-validator classes: nothing unknown passes; all that is wrong is told at once, without its value. */
export class BodyValidation extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => invalid(errors.flatMap((error) => problemsOf(error, ''))),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest's own pipe takes `5`, a text and `null` for an object without fields.
    if (metadata.type === 'body' && value !== undefined && this.toValidate(metadata) && !isObject(value)) {
      throw invalid([{ pointer: '', code: 'NOT_AN_OBJECT', detail: 'Send a JSON object.' }]);
    }
    return super.transform(value, metadata);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

function invalid(errors: readonly FieldProblem[]): HttpProblem {
  return new HttpProblem(422, 'INVALID', 'Some fields are not valid; see errors.', { errors });
}

function problemsOf(error: ValidationError, parent: string): readonly FieldProblem[] {
  const name = (error.property ?? '').replaceAll('~', '~0').replaceAll('/', '~1');
  const pointer = error.property === undefined || error.property === '' ? parent : `${parent}/${name}`;
  return [
    ...Object.entries(error.constraints ?? {}).map(([constraint, detail]) => ({
      pointer,
      code: codeOf(constraint),
      detail,
    })),
    ...(error.children ?? []).flatMap((child) => problemsOf(child, pointer)),
  ];
}

/** `isString` → `IS_STRING`. */
function codeOf(constraint: string): string {
  if (constraint === 'whitelistValidation') return 'UNKNOWN_FIELD';
  return constraint.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

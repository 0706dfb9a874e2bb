import { applyDecorators } from '@nestjs/common';
import { isBlank, isLine, isProse, lineOf, proseOf } from '@readership/contracts';
import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy, ValidateIf } from 'class-validator';
import { z } from 'zod';

/** True for `null` and for text in which nothing can be seen: as the value of an optional field, both mean no value. */
function saysNothing(value: unknown): boolean {
  return value === null || (typeof value === 'string' && isBlank(value));
}

/** The field of a body may be absent. `null` and a blank text mean that it is. */
export function Optional(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (saysNothing(value) ? undefined : value)),
    IsOptional(),
  );
}

/** The field may be left out. A blank value is not taken for none, as it is for `Optional`. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_body, value) => value !== undefined);
}

/** The field of a change may be absent. `null` and a blank text take the value away: the handler gets `null`. */
export function Removable(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (saysNothing(value) ? null : value)),
    IsOptional(),
  );
}

/** A name, a title or another single line in the form of `lineOf`: 1 to `charsMax` characters. */
export function Line(charsMax: number): PropertyDecorator {
  return text('isLine', charsMax, lineOf, isLine, 'one line of text');
}

/** Free text in the form of `proseOf`: 1 to `charsMax` characters, line breaks and emoji included. */
export function Prose(charsMax: number): PropertyDecorator {
  const fits = (prose: string) => prose.length <= charsMax && isProse(prose);
  return text('isProse', charsMax, proseOf, fits, 'text');
}

/** Text is put into its form unless it is far too long, so that a huge one costs nothing. */
function text(
  name: string,
  charsMax: number,
  formOf: (text: string) => string,
  fits: (text: string, charsMax: number) => boolean,
  what: string,
): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value.length <= 4 * charsMax ? formOf(value) : value,
    ),
    ValidateBy(
      {
        name,
        validator: {
          validate: (value) => typeof value === 'string' && value !== '' && fits(value, charsMax),
        },
      },
      { message: `Give ${what} of 1 to ${charsMax} characters, without control characters.` },
    ),
  );
}

/**
 * The same for a body that a schema checks: a copy without the optional fields that are `null` or `""`, also of objects
 * inside. The value itself when there are none, or when it is no object. Blank text is left to the schema, for a card
 * number of spaces alone is no card, rather than nobody's.
 */
export function withoutAbsent(schema: z.ZodObject, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [name, given] of Object.entries(value)) {
    const field = Object.hasOwn(schema.shape, name) ? (schema.shape[name] as z.ZodType) : undefined;
    if (field === undefined) continue;
    if (given === null || given === '') {
      if (!field.isOptional()) continue;
      delete (copy ??= { ...value })[name];
    } else if (typeof given === 'object') {
      const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
      if (!(inner instanceof z.ZodObject)) continue;
      const kept = withoutAbsent(inner, given);
      if (kept !== given) (copy ??= { ...value })[name] = kept;
    }
  }
  return copy ?? value;
}

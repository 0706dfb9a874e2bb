import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { SentLine } from '@readership/host';
import { Refusal } from '@readership/kernel';
import { PatronBody } from './patron-bodies.js';
import { registrationOf, type Registration } from './registration.js';

/** A line of a batch: the registration it asks for, or why it cannot be read as one. */
export type PatronLine = Registration | Refusal;

/** Throws nothing: a bad line is refused alone. */
export function patronLine({ value, unreadable }: SentLine): PatronLine {
  if (unreadable !== undefined) return new Refusal(unreadable.code, 'invalid', unreadable.detail);
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return new Refusal('INVALID', 'invalid', 'Each line must be a JSON object.');
    }
    const body = plainToInstance(PatronBody, value);
    const errors = validateSync(body, {
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
    });
    if (errors.length > 0) {
      const said = errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
      return new Refusal('INVALID', 'invalid', said.slice(0, 5).join('; '), `/${errors[0]!.property}`);
    }
    return registrationOf(body);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

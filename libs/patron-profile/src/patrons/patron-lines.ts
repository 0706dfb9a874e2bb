import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { parseStrictJson, Unreadable } from '@readership/host';
import { Refusal } from '@readership/kernel';
import { PatronBody } from './patron-bodies.js';
import { registrationOf, type Registration } from './registration.js';

/** A line of a batch: the registration it asks for, or why it cannot be read as one. */
export type PatronLine = Registration | Refusal;

/** Throws nothing: a bad line is refused alone. */
export function patronLine(line: Buffer): PatronLine {
  try {
    const value = parseStrictJson(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return new Refusal('INVALID', 'invalid', 'A line is a JSON object.');
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
    if (error instanceof Unreadable) return new Refusal(error.code, 'invalid', error.detail);
    throw error;
  }
}

/** The lines of an NDJSON body, without their ends; empty ones too. */
export function* linesOf(body: Buffer): Generator<Buffer> {
  let from = 0;
  while (from < body.length) {
    const at = body.indexOf(0x0a, from);
    const to = at === -1 ? body.length : at;
    yield body.subarray(from, to > from && body[to - 1] === 0x0d ? to - 1 : to);
    from = to + 1;
  }
}

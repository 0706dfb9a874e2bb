import { checkedBody, HttpProblem, type SentLine } from '@readership/host';
import { Refusal } from '@readership/kernel';
import { PatronBody } from './patron-bodies.js';
import { registrationOf, type Registration } from './registration.js';

/** A line of a batch: the registration that it asks for, or why it cannot be read. */
export type PatronLine = Registration | Refusal;

/** Reads a line. Never throws: a bad line is refused alone. */
export function patronLine({ value, unreadable }: SentLine): PatronLine {
  if (unreadable !== undefined) return new Refusal(unreadable.code, 'invalid', unreadable.detail);
  try {
    return registrationOf(checkedBody(PatronBody, value));
  } catch (error) {
    if (error instanceof Refusal) return error;
    if (error instanceof HttpProblem) {
      const [first] = error.more.errors ?? [];
      return new Refusal(error.code, 'invalid', first?.detail ?? error.detail, first?.pointer);
    }
    throw error;
  }
}

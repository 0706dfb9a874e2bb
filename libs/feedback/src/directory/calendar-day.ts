import { Refusal } from '@readership/kernel';
import { z } from 'zod';

const day = z.iso.date();
const earliest = '1900-01-01';

/**
 * Throws `BAD_DATE`, `DATE_TOO_EARLY` or `DATE_IN_FUTURE` unless the value is a calendar day from 1900 to `latest`, and
 * `DATE_IN_PAST` when it is before `first`.
 */
export function checkDay(value: string, latest: string, pointer: string, first = earliest): void {
  if (!day.safeParse(value).success) {
    throw new Refusal('BAD_DATE', 'invalid', 'Give a day of the calendar, such as 2024-03-31.', pointer);
  }
  if (value < earliest) throw new Refusal('DATE_TOO_EARLY', 'invalid', 'The day is before 1900.', pointer);
  if (value < first) throw new Refusal('DATE_IN_PAST', 'invalid', 'The day has passed.', pointer);
  if (value > latest)
    throw new Refusal('DATE_IN_FUTURE', 'invalid', 'The day is too far in the future.', pointer);
}

/**
 * Parts of index values that are ordered by time, the latest first. All have one width, so that those of one kind are in
 * the order of their times.
 */

const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const msDigits = 15;
const dayDigits = 8;

/** The place of a calendar day, such as `2024-03-31`. */
export function placeOfDay(day: string): string {
  return String(99_999_999 - Number(day.replaceAll('-', ''))).padStart(dayDigits, '0');
}

/** The place of an instant (RFC 3339). Instants are told apart to the millisecond. */
export function placeOfInstant(instant: string): string {
  return String(lastMs - Date.parse(instant)).padStart(msDigits, '0');
}

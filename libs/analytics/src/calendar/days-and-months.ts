// Taken once, because these functions run for every month of every row that changes.
const { floor } = Math;

/** Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant's days_from_civil). */
export function epochDay(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + floor(yearOfEra / 4) - floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The epoch day of `2024-03-31`. */
export function epochDayOf(isoDate: string): number {
  return epochDay(+isoDate.slice(0, 4), +isoDate.slice(5, 7), +isoDate.slice(8, 10));
}

/** Months since the year 0 of an epoch day: year × 12 + month − 1. */
export function monthOfDay(epochDay: number): number {
  const z = epochDay + 719_468;
  const era = floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = floor(
    (dayOfEra - floor(dayOfEra / 1460) + floor(dayOfEra / 36_524) - floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + floor(yearOfEra / 4) - floor(yearOfEra / 100));
  const shifted = floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0)) * 12 + month - 1;
}

/** The epoch day on which a month begins. */
export function firstDayOf(month: number): number {
  return epochDay(floor(month / 12), (month % 12) + 1, 1);
}

/** `2024-03` as a month number. */
export function monthOf(isoMonth: string): number {
  return +isoMonth.slice(0, 4) * 12 + +isoMonth.slice(5, 7) - 1;
}

/** A month number as `2024-03`. */
export function isoMonth(month: number): string {
  return `${String(floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`;
}

/** The month `months` later, or earlier when that is negative. */
export function monthsAfter(month: string, months: number): string {
  return isoMonth(monthOf(month) + months);
}

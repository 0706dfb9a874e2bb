/** Months counted from year 0: `year × 12 + month − 1`. */
export function monthIndex(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

/** `2024-03`. */
export function monthName(index: number): string {
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
}

/** 0 for January. */
export function monthOfYear(index: number): number {
  return index % 12;
}

/** `2024-03-07`. */
export function dayName(index: number, day: number): string {
  return `${monthName(index)}-${String(day).padStart(2, '0')}`;
}

export function daysIn(index: number): number {
  return new Date(Date.UTC(Math.floor(index / 12), (index % 12) + 1, 0)).getUTCDate();
}

/** The month before the month of an instant (UTC). */
export function monthBefore(now: Date): string {
  return monthName(now.getUTCFullYear() * 12 + now.getUTCMonth() - 1);
}

import { uuidv7, type AnyEvent, type EventStore, type Meta, type Stored } from '@readership/kernel';
import { randomBytes } from 'node:crypto';
import { monthSubject, type AccessMonthBegun } from './patron-accessed.events.js';

/** How many whole months records of access are kept after the month in which they were made. */
export const keptMonths = 24;
/** How many months before those are forgotten again each time, for a process that did not run for years. */
const forgottenMonths = 120;
const attemptsMax = 5;

/** The month of a time in UTC, such as `2026-11`. */
export function monthOf(at: string): string {
  return at.slice(0, 7);
}

/** The month so many months before another. */
export function monthBefore(month: string, months: number): string {
  const [year, ofYear] = month.split('-').map(Number) as [number, number];
  return monthOf(new Date(Date.UTC(year, ofYear - 1 - months, 1)).toISOString());
}

/** The first month of which records of access are kept at this time. */
export function oldestMonth(at: string): string {
  return monthBefore(monthOf(at), keptMonths);
}

/** The keys with which one context tells whose records of access are whose: one for each month. */
export class MonthKeys {
  private readonly known = new Map<string, Buffer>();

  constructor(private readonly store: EventStore) {}

  /** The key of the month of a write. The first write of a month makes it. */
  async toWrite({ at }: Meta): Promise<Buffer> {
    const month = monthOf(at);
    const stream = monthSubject(month);
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const key = await this.toRead(month);
      if (key !== null) return key;
      // A month whose key was lost goes on with another one.
      const { version } = await this.store.load(stream);
      const begun: AccessMonthBegun = {
        type: 'AccessMonthBegun',
        data: {},
        personal: { key: randomBytes(32).toString('base64url') },
      };
      await this.store.append(stream, version, [begun], {
        commandId: uuidv7(),
        at,
        actor: 'records-of-access',
      });
    }
    throw new Error(`the key of the records of access of ${month} cannot be read`);
  }

  /** The key of a month; `null` when nothing was recorded in it, or when it was forgotten. */
  async toRead(month: string): Promise<Buffer | null> {
    const known = this.known.get(month);
    if (known !== undefined) return known;
    const { events } = await this.store.load(monthSubject(month));
    const key = events.map(keyOf).findLast((one) => one !== null) ?? null;
    if (key !== null) this.known.set(month, key);
    return key;
  }

  /** Destroys the keys of the months that ended more than 24 months before this time. It may be repeated. */
  async forgetBefore(at: string): Promise<void> {
    const oldest = oldestMonth(at);
    for (const month of this.known.keys()) if (month < oldest) this.known.delete(month);
    const gone = Array.from({ length: forgottenMonths }, (_, i) => monthBefore(oldest, i + 1));
    await this.store.destroyKeys(gone.map(monthSubject));
  }
}

function keyOf(event: Stored): Buffer | null {
  const { personal } = event as AnyEvent as AccessMonthBegun;
  return personal === null ? null : Buffer.from(personal.key, 'base64url');
}

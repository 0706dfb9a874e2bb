import { Refusal } from '@readership/kernel';

const dayMs = 86_400_000;
/** Times are compared as texts, and those of the year 10000 begin with a sign. */
const latestMs = Date.UTC(9999, 0, 1);
const dayForm = /^\d{4}-\d{2}-\d{2}$/;
const timeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** A period with both ends, RFC 3339 UTC. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/**
 * The period of a query: each end is a day in UTC, which it includes, or a time. By default it is the day before `to`, and
 * `to` is now. Throws `BAD_PERIOD`.
 */
export function periodOf(from: string | undefined, to: string | undefined, now: Date): Period {
  const last = to === undefined ? now.getTime() : msOf(to) + (dayForm.test(to) ? dayMs - 1 : 0);
  const end = Math.min(last, latestMs);
  const begin = from === undefined ? end - dayMs : msOf(from);
  if (begin > end) throw badPeriod();
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
}

function msOf(text: string): number {
  const ms = dayForm.test(text) || timeForm.test(text) ? Date.parse(text) : NaN;
  // A day such as 2024-02-30 is another day for `Date`.
  const isDay =
    !Number.isNaN(ms) &&
    new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10));
  if (!isDay) throw badPeriod();
  return ms;
}

function badPeriod(): Refusal {
  return new Refusal(
    'BAD_PERIOD',
    'invalid',
    'Give from and to, in this order, as days such as 2024-03-31 or as times such as 2024-03-31T14:30:00Z.',
  );
}

import { LRUCache } from 'lru-cache';
import { HttpProblem } from '../http-problem.js';

/** Wrong credentials of one address, after which none of its unknown keys is looked up for the rest of the minute. */
const failuresMax = 60;
const windowMs = 60_000;
const addressesMax = 100_000;

interface Failures {
  readonly count: number;
  readonly endsAt: number;
}

/** Limits how many keys that are not known here one address may try. */
export class FailedCredentials {
  private readonly byAddress = new LRUCache<string, Failures>({
    maxSize: addressesMax,
    sizeCalculation: () => 1,
  });
  private readonly trying = new Map<string, Set<Promise<unknown>>>();

  /** @param nowMs a time that never goes back */
  constructor(private readonly nowMs: () => number) {}

  /** Counts a wrong credential. */
  note(address: string): void {
    const { count, endsAt } = this.of(address);
    this.byAddress.set(address, { count: count + 1, endsAt });
  }

  /**
   * Tries a credential. It is counted as a wrong one when `look` resolves to null. Throws 429 `TOO_MANY_FAILURES`, and does
   * not look, after too many. Those under way may all be wrong, so that an address which sends many at once gets no more
   * tries: the others wait for these, and reject as they do.
   */
  async attempt<T>(address: string, look: () => Promise<T | null>): Promise<T | null> {
    for (;;) {
      const { count, endsAt } = this.of(address);
      if (count >= failuresMax) throw tooMany(endsAt - this.nowMs());
      const underWay = this.trying.get(address);
      if (underWay === undefined || count + underWay.size < failuresMax) break;
      await Promise.all(underWay);
    }
    const trying = this.trying.get(address) ?? new Set<Promise<unknown>>();
    this.trying.set(address, trying);
    const attempt = look()
      .then((found) => {
        if (found === null) this.note(address);
        return found;
      })
      .finally(() => {
        trying.delete(attempt);
        if (trying.size === 0) this.trying.delete(address);
      });
    trying.add(attempt);
    return attempt;
  }

  private of(address: string): Failures {
    const now = this.nowMs();
    const known = this.byAddress.get(address);
    return known !== undefined && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
  }
}

function tooMany(waitMs: number): HttpProblem {
  return new HttpProblem(
    429,
    'TOO_MANY_FAILURES',
    'Too many wrong credentials came from this address: wait, and check the key.',
    { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) },
  );
}

const between = 5_000;
const keptMax = 256;

/**
 * Totals of a growing sequence whose past never changes, at multiples of 5,000 places, so that counting again begins at
 * the last multiple instead of the first place. The newest are kept.
 */
export class KnownTotals<Total> {
  /** By place, ascending. */
  private readonly totals = new Map<number, Total>();

  constructor(private readonly nothing: Total) {}

  /**
   * The total of the places before `until`.
   *
   * @param count adds what lies from a place to before another to a total, and returns a new total
   */
  async before(until: number, count: (total: Total, from: number, until: number) => Total): Promise<Total> {
    let from = 0;
    let total = this.nothing;
    for (const [place, known] of this.totals) {
      if (place > until) break;
      from = place;
      total = known;
    }
    for (let counted = 0; from < until; counted++) {
      const to = Math.min(from - (from % between) + between, until);
      total = count(total, from, to);
      from = to;
      if (to % between === 0) this.keep(to, total);
      // A long count lets other work run in between.
      if (counted % 10 === 9) await new Promise(setImmediate);
    }
    return total;
  }

  private keep(place: number, total: Total): void {
    let newest = 0;
    for (const known of this.totals.keys()) newest = known;
    if (place <= newest) return;
    this.totals.set(place, total);
    for (const oldest of this.totals.keys()) {
      if (this.totals.size <= keptMax) return;
      this.totals.delete(oldest);
    }
  }
}

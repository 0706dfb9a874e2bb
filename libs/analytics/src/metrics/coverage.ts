import { earliest, latest, unread, type Counts, type CountsOf } from '../calendar/fold-cells.js';
import { entries } from '../costs/spending.tally.js';

/** Of the branch-months of a scope and period that have readers or use (`of`), those that also have costs (`with`). */
export interface Covered {
  readonly with: number;
  readonly of: number;
}

/** What the coverage is counted from: read models by id, and the series of volumes that together hold all use. */
export interface CoverageModels {
  readonly people: string;
  readonly volumes: string;
  readonly costs: string;
  readonly use: readonly string[];
}

/**
 * How much of each month (`YYYY-MM`) costs cover. Months with use are busy, and most are. Only of the others are readers
 * counted, because their number is the sum of all changes before.
 */
export function coverage(
  counts: CountsOf,
  ids: CoverageModels,
  currency: string,
  branches: readonly string[],
  months: readonly string[],
): Covered[] {
  const asked = [...new Set(months)].sort();
  const [from, to] = [earliest(asked), latest(asked)];
  const covered = new Map(asked.map((month) => [month, { with: 0, of: 0 }]));
  for (const branch of branches) {
    const costed = counts(ids.costs, `${entries(currency)}|${branch}`, from, to);
    const use = ids.use.map((series) => counts(ids.volumes, `${series}|${branch}`, from, to));
    if (use.includes(unread)) continue;
    const isUsed = (month: string) => use.some((of) => (of.get(month) ?? 0) > 0);
    const unused = asked.filter((month) => !isUsed(month));
    const held = unused.length === 0 ? new Set<string>() : heldIn(counts, ids.people, branch, unused);
    for (const [month, found] of covered) {
      if (!held.has(month) && !isUsed(month)) continue;
      found.of++;
      if ((costed.get(month) ?? 0) > 0) found.with++;
    }
  }
  return months.map((month) => covered.get(month)!);
}

/** Of these ascending months, those at whose end a branch has current or active readers. */
function heldIn(counts: CountsOf, people: string, branch: string, months: readonly string[]): Set<string> {
  const stocks = ['current', 'active'].map((stock) =>
    positive(counts(people, `${stock}|${branch}`, '', latest(months)), months),
  );
  return new Set(stocks.flat());
}

/** The ascending months at whose end the sum of changes is above 0. */
function positive(changes: Counts, months: readonly string[]): string[] {
  const ascending = [...changes].sort(([a], [b]) => (a < b ? -1 : 1));
  let [at, value] = [0, 0];
  return months.filter((month) => {
    while (at < ascending.length && ascending[at]![0] <= month) value += ascending[at++]![1];
    return value > 0;
  });
}

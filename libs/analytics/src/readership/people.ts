import { monthOf, monthsAfter } from '../calendar/days-and-months.js';
import { everywhere } from '../calendar/monthly.js';
import { earliest, latest, monthlySums, type CountsOf } from '../calendar/fold-cells.js';

/** Values at the end of a month. `kept`: active now and W months before, counted at the home of the earlier month. */
export type PeopleStock = 'current' | 'active' | 'retained' | 'returned' | 'newly-active' | 'kept';
/** Counts of what happened in a month. `lost` is the sum over its reasons. */
export type PeopleFlow = 'new' | 'reactivated' | 'lost';
/** Sums over the months of a window, counted at the home at its end. */
export type WindowMeasure = 'uses' | 'users' | 'visit-days';
export type WindowLength = 1 | 3 | 12;
export type LossReason = 'lapsed' | 'expired' | 'closed' | 'erased';
export const lossReasons: readonly LossReason[] = ['lapsed', 'expired', 'closed', 'erased'];

/**
 * The people metrics of a scope, for months `YYYY-MM` in any order. The scope is given as its branches, or as
 * `everywhere` alone for the consortium if the read model has counts of it. Every answer is aligned with `months` by
 * index; a month without counts is 0.
 *
 * Period retention of m is `stock('kept')` at m ÷ `stock('active')` at m − W.
 */
export interface PeopleCounts {
  stock(measure: PeopleStock, branches: readonly string[], months: readonly string[]): number[];
  flow(measure: PeopleFlow, branches: readonly string[], months: readonly string[]): number[];
  lostReasons(branches: readonly string[], months: readonly string[]): Record<LossReason, number>[];
  /** Moves across the border of the scope, and those within it. Of the consortium all are 0. */
  moved(
    branches: readonly string[],
    months: readonly string[],
  ): { in: number[]; out: number[]; within: number[] };
  window(
    measure: WindowMeasure,
    length: WindowLength,
    branches: readonly string[],
    months: readonly string[],
  ): number[];
}

/** Folds the cells that the `people` tally keeps under the reader activity's model id. */
export function peopleCounts(countsOf: CountsOf, modelId: string): PeopleCounts {
  const read = (prefix: string, from: string, to: string) => countsOf(modelId, prefix, from, to);

  /** Cells that hold changes: a month's value is the sum of all cells up to it. */
  const steps = (measure: string, branches: readonly string[], months: readonly string[]) => {
    const changes = [...monthlySums(read, measure, branches, '', latest(months))];
    return months.map((month) =>
      changes.reduce((sum, [at, change]) => (at <= month ? sum + change : sum), 0),
    );
  };

  const counts = (measure: string, branches: readonly string[], months: readonly string[]) => {
    const found = monthlySums(read, measure, branches, earliest(months), latest(months));
    return months.map((month) => found.get(month) ?? 0);
  };

  const lost = (branches: readonly string[], months: readonly string[]) =>
    lossReasons.map((reason) => counts(`lost-${reason}`, branches, months));

  return {
    stock: steps,
    flow(measure, branches, months) {
      if (measure !== 'lost') return counts(measure, branches, months);
      return lost(branches, months).reduce(plus);
    },
    lostReasons(branches, months) {
      const byReason = lost(branches, months);
      return months.map((_, at) => {
        const [lapsed, expired, closed, erased] = byReason.map((series) => series[at]!);
        return { lapsed: lapsed!, expired: expired!, closed: closed!, erased: erased! };
      });
    },
    moved(branches, months) {
      const scope = new Set(branches);
      const came = new Map<string, number>();
      const left = new Map<string, number>();
      const stayed = new Map<string, number>();
      // Nobody moves across the border of the consortium.
      const moves = scope.has(everywhere) ? [] : read('moved', earliest(months), latest(months));
      for (const [move, n] of moves) {
        const [month, from, to] = move.split('|') as [string, string, string];
        if (!scope.has(from) && !scope.has(to)) continue;
        const side = !scope.has(from) ? came : !scope.has(to) ? left : stayed;
        side.set(month, (side.get(month) ?? 0) + n);
      }
      return {
        in: months.map((month) => came.get(month) ?? 0),
        out: months.map((month) => left.get(month) ?? 0),
        within: months.map((month) => stayed.get(month) ?? 0),
      };
    },
    window(measure, length, branches, months) {
      if (measure === 'users') return steps(`users-${length}`, branches, months);
      if (length === 1) return counts(measure, branches, months);
      const first = monthsAfter(earliest(months), 1 - length);
      const counted = monthlySums(read, measure, branches, first, latest(months));
      const moved = steps(`${measure}-${length}`, branches, months);
      const byMonth = new Map([...counted].map(([month, n]) => [monthOf(month), n]));
      const atOwnHome = months.map((month) => {
        let [sum, at] = [0, monthOf(month)];
        for (const first = at - length; at > first; at--) sum += byMonth.get(at) ?? 0;
        return sum;
      });
      return plus(atOwnHome, moved);
    },
  };
}

const plus = (a: readonly number[], b: readonly number[]) => a.map((value, at) => value + b[at]!);

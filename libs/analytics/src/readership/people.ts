import type { ReadModels } from '@readership/kernel';
import { monthOf, monthsAfter } from '../calendar/days-and-months.js';

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
 * The people metrics of a scope, for months `YYYY-MM` in any order. The scope is given as its branches, which are all
 * branches for the consortium. Every answer is aligned with `months` by index; a month without counts is 0.
 *
 * Period retention of m is `stock('kept')` at m ÷ `stock('active')` at m − W.
 */
export interface PeopleReader {
  stock(measure: PeopleStock, branches: readonly string[], months: readonly string[]): Promise<number[]>;
  flow(measure: PeopleFlow, branches: readonly string[], months: readonly string[]): Promise<number[]>;
  lostReasons(branches: readonly string[], months: readonly string[]): Promise<Record<LossReason, number>[]>;
  /** Moves across the border of the scope. Moves within it cancel out. */
  moved(branches: readonly string[], months: readonly string[]): Promise<{ in: number[]; out: number[] }>;
  window(
    measure: WindowMeasure,
    length: WindowLength,
    branches: readonly string[],
    months: readonly string[],
  ): Promise<number[]>;
}

/** Reads the cells that the `people` tally keeps under the reader activity's model id. */
export function peopleReader(models: ReadModels, modelId: string): PeopleReader {
  const sums = async (measure: string, branches: readonly string[], from: string, to: string) => {
    const byMonth = new Map<string, number>();
    const read = (branch: string) =>
      models.cells(modelId, [{ from: `${measure}|${branch}|${from}`, to: `${measure}|${branch}|${to}~` }]);
    for (const cells of await Promise.all(branches.map(read))) {
      for (const [cell, n] of cells) {
        const month = cell.slice(-7);
        byMonth.set(month, (byMonth.get(month) ?? 0) + n);
      }
    }
    return byMonth;
  };

  /** Cells that hold changes: a month's value is the sum of all cells up to it. */
  const steps = async (measure: string, branches: readonly string[], months: readonly string[]) => {
    const changes = [...(await sums(measure, branches, '', latest(months)))].sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    return months.map((month) =>
      changes.reduce((sum, [at, change]) => (at <= month ? sum + change : sum), 0),
    );
  };

  const counts = async (measure: string, branches: readonly string[], months: readonly string[]) => {
    const found = await sums(measure, branches, earliest(months), latest(months));
    return months.map((month) => found.get(month) ?? 0);
  };

  const lost = (branches: readonly string[], months: readonly string[]) =>
    Promise.all(lossReasons.map((reason) => counts(`lost-${reason}`, branches, months)));

  return {
    stock: steps,
    async flow(measure, branches, months) {
      if (measure !== 'lost') return counts(measure, branches, months);
      return (await lost(branches, months)).reduce(plus);
    },
    async lostReasons(branches, months) {
      const byReason = await lost(branches, months);
      return months.map((_, at) => {
        const [lapsed, expired, closed, erased] = byReason.map((series) => series[at]!);
        return { lapsed: lapsed!, expired: expired!, closed: closed!, erased: erased! };
      });
    },
    async moved(branches, months) {
      const scope = new Set(branches);
      const came = new Map<string, number>();
      const left = new Map<string, number>();
      const range = { from: `moved|${earliest(months)}`, to: `moved|${latest(months)}~` };
      const cells = await models.cells(modelId, [range]);
      for (const [cell, n] of cells) {
        const [, month, from, to] = cell.split('|') as [string, string, string, string];
        if (scope.has(from) === scope.has(to)) continue;
        const side = scope.has(to) ? came : left;
        side.set(month, (side.get(month) ?? 0) + n);
      }
      return {
        in: months.map((month) => came.get(month) ?? 0),
        out: months.map((month) => left.get(month) ?? 0),
      };
    },
    async window(measure, length, branches, months) {
      if (measure === 'users') return steps(`users-${length}`, branches, months);
      if (length === 1) return counts(measure, branches, months);
      const [counted, moved] = await Promise.all([
        sums(measure, branches, monthsAfter(earliest(months), 1 - length), latest(months)),
        steps(`${measure}-${length}`, branches, months),
      ]);
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

const earliest = (months: readonly string[]) => months.reduce((a, b) => (b < a ? b : a), months[0] ?? '');
const latest = (months: readonly string[]) => months.reduce((a, b) => (b > a ? b : a), '');
const plus = (a: readonly number[], b: readonly number[]) => a.map((value, at) => value + b[at]!);

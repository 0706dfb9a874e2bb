import { interactionKinds, type InteractionKind } from '@readership/contracts';
import { Refusal } from '@readership/kernel';
import type { FigureName } from '../builds/builds.events.js';
import type { ServingBuild } from '../builds/builds.js';
import { isoMonth } from '../calendar/days-and-months.js';
import { earliest, latest, monthlySums, type CountsOf } from '../calendar/fold-cells.js';
import { everywhere, nowhere } from '../calendar/monthly.js';
import type { CostsModel } from '../costs/costs-model.js';
import { amounts, entries } from '../costs/spending.tally.js';
import type { Scope } from '../directory/directory.js';
import {
  peopleCounts,
  type LossReason,
  type PeopleFlow,
  type PeopleStock,
  type WindowLength,
  type WindowMeasure,
} from '../readership/people.js';
import { answers, scoresOf } from '../satisfaction/satisfaction.tally.js';
import { anyKind, quantities, surplus } from '../volumes/volumes.tally.js';
import { coverage, type Covered } from './coverage.js';

export type Reasons = Readonly<Record<LossReason, number>>;

type Months = readonly number[];

/** Monthly counts of a scope. Each answer is aligned with the given month numbers. */
export interface FigureCounts {
  readonly windowMonths: number;
  readonly people: {
    stock(measure: PeopleStock, months: Months): number[];
    flow(measure: PeopleFlow, months: Months): number[];
    lostReasons(months: Months): Reasons[];
    moved(months: Months): { in: number[]; out: number[]; within: number[] };
    window(measure: WindowMeasure, length: WindowLength, months: Months): number[];
  };
  quantities(kinds: readonly InteractionKind[], months: Months): number[];
  interactions(kinds: readonly InteractionKind[], months: Months): number[];
  /** How many answers gave each score. */
  scores(item: keyof typeof scoresOf, months: Months): { score: number; counts: number[] }[];
  testimonials(months: Months): number[];
  readonly costs: {
    /** The currencies in which a cost was stated for one of these months. */
    currencies(months: Months): string[];
    /** The stated costs in the one currency of these months, in minor units. */
    minor(months: Months): number[];
    entries(months: Months): number[];
    covered(months: Months): Covered[];
  };
}

/**
 * The counts of a scope from one build of the figures, folded from cells. Costs are given in `currency`. Counts of a
 * read model that the build does not have yet throw `NOT_YET_APPLIED`.
 */
export function countsOf(
  counts: CountsOf,
  { build, ids, totals }: ServingBuild,
  costs: CostsModel,
  scope: Scope,
  currency: () => string,
): FigureCounts {
  const { branches } = scope;
  const idOf = (name: FigureName): string => {
    const id = ids.get(name);
    if (id !== undefined) return id;
    const detail = 'This figure is being counted from the log for the first time: try again later.';
    throw new Refusal('NOT_YET_APPLIED', 'not-yet', detail);
  };
  /** Whom a read model counts for in this scope. Events without a branch belong to the consortium only. */
  const places = (hasTotals: boolean, without: readonly string[] = []) => {
    if (!scope.consortium) return branches;
    return hasTotals ? [everywhere] : [...branches, ...without];
  };
  const at = (name: FigureName, without?: readonly string[]) => places(totals.has(name), without);
  const sums = (model: string, series: string, of: readonly string[], months: Months): number[] => {
    const named = months.map(isoMonth);
    const read = (prefix: string, from: string, to: string) => counts(model, prefix, from, to);
    const found = monthlySums(read, series, of, earliest(named), latest(named));
    return named.map((month) => found.get(month) ?? 0);
  };
  const spent = places(costs.totals);
  const people = () => peopleCounts(counts, idOf('reader-activity'));
  const monthsOf = (months: Months) => months.map(isoMonth);
  const use = totals.has('volumes') ? [anyKind] : interactionKinds;
  /** The fewest kinds that hold these. */
  const volume = (kinds: readonly InteractionKind[], seriesOf: (kind: string) => string, months: Months) => {
    const few = kinds === interactionKinds ? use : kinds;
    const each = few.map((kind) => sums(idOf('volumes'), seriesOf(kind), at('volumes'), months));
    return months.map((_, i) => each.reduce((total, of) => total + of[i]!, 0));
  };
  return {
    windowMonths: build.policy.windowMonths,
    people: {
      stock: (measure, months) => people().stock(measure, at('reader-activity'), monthsOf(months)),
      flow: (measure, months) => people().flow(measure, at('reader-activity'), monthsOf(months)),
      lostReasons: (months) => people().lostReasons(at('reader-activity'), monthsOf(months)),
      moved: (months) => people().moved(at('reader-activity'), monthsOf(months)),
      window: (measure, length, months) =>
        people().window(measure, length, at('reader-activity'), monthsOf(months)),
    },
    quantities: (kinds, months) => volume(kinds, quantities, months),
    interactions(kinds, months) {
      const [all, more] = [volume(kinds, quantities, months), volume(kinds, surplus, months)];
      return months.map((_, i) => all[i]! - more[i]!);
    },
    scores: (item, months) =>
      scoresOf[item].map((score) => ({
        score,
        counts: sums(idOf('satisfaction'), answers(item, score), at('satisfaction', [nowhere]), months),
      })),
    testimonials: (months) => sums(idOf('testimonials'), 'received', at('testimonials', [nowhere]), months),
    costs: {
      currencies: (months) =>
        costs
          .currencies(counts)
          .filter((each) => sums(costs.id, entries(each), spent, months).some((n) => n > 0)),
      minor: (months) => sums(costs.id, amounts(currency()), spent, months),
      entries: (months) => sums(costs.id, entries(currency()), spent, months),
      covered(months) {
        const by = { people: idOf('reader-activity'), volumes: idOf('volumes'), costs: costs.id, use };
        return coverage(counts, by, currency(), branches, monthsOf(months));
      },
    },
  };
}

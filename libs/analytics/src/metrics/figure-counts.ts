import type { InteractionKind } from '@readership/contracts';
import { modelId, Refusal, type ReadModels } from '@readership/kernel';
import { monthlySums, nowhere } from '../calendar/monthly.js';
import { isoMonth } from '../calendar/days-and-months.js';
import { costs } from '../costs/costs.projection.js';
import { allEntries, amounts, entries } from '../costs/spending.tally.js';
import type { Scope } from '../directory/directory.js';
import type { Inputs } from '../builds/builds.decider.js';
import type { FigureName } from '../builds/builds.events.js';
import {
  peopleReader,
  type LossReason,
  type PeopleFlow,
  type PeopleStock,
  type WindowLength,
  type WindowMeasure,
} from '../readership/people.js';
import { answers, scoresOf } from '../satisfaction/satisfaction.tally.js';
import { quantities, surplus } from '../volumes/volumes.tally.js';
import { coverage, type Covered } from './coverage.js';

export type Reasons = Readonly<Record<LossReason, number>>;

type Months = readonly number[];

/** Monthly counts of a scope. Each answer is aligned with the given month numbers. */
export interface FigureCounts {
  readonly windowMonths: number;
  readonly people: {
    stock(measure: PeopleStock, months: Months): Promise<number[]>;
    flow(measure: PeopleFlow, months: Months): Promise<number[]>;
    lostReasons(months: Months): Promise<Reasons[]>;
    moved(months: Months): Promise<{ in: number[]; out: number[] }>;
    window(measure: WindowMeasure, length: WindowLength, months: Months): Promise<number[]>;
  };
  quantities(kinds: readonly InteractionKind[], months: Months): Promise<number[]>;
  interactions(kinds: readonly InteractionKind[], months: Months): Promise<number[]>;
  /** How many answers gave each score. */
  scores(item: keyof typeof scoresOf, months: Months): Promise<{ score: number; counts: number[] }[]>;
  testimonials(months: Months): Promise<number[]>;
  readonly costs: {
    /** The currencies in which a cost was stated for one of these months. */
    currencies(months: Months): Promise<string[]>;
    /** The stated costs in the one currency of these months, in minor units. */
    minor(months: Months): Promise<number[]>;
    entries(months: Months): Promise<number[]>;
    covered(months: Months): Promise<Covered[]>;
  };
}

export const costsModel = modelId(costs);

/**
 * The counts of a scope from one build of the figures. Costs are given in `currency`. Counts of a read model that the
 * build does not have yet throw `NOT_YET_APPLIED`.
 */
export function countsOf(
  models: ReadModels,
  { policy }: Inputs,
  ids: ReadonlyMap<string, string>,
  scope: Scope,
  currency: () => string,
): FigureCounts {
  const { branches } = scope;
  /** Events without a branch belong to the consortium only. */
  const anywhere = scope.consortium ? [...branches, nowhere] : branches;
  const idOf = (name: FigureName): string => {
    const id = ids.get(name);
    if (id !== undefined) return id;
    const detail = 'This figure is being counted from the log for the first time: try again later.';
    throw new Refusal('NOT_YET_APPLIED', 'not-yet', detail);
  };
  const people = () => peopleReader(models, idOf('reader-activity'));
  const monthsOf = (months: Months) => months.map(isoMonth);
  const sum = async (series: readonly string[], months: Months) => {
    const each = await Promise.all(
      series.map((one) => monthlySums(models, idOf('volumes'), one, branches, months)),
    );
    return months.map((_, i) => each.reduce((total, counts) => total + counts[i]!, 0));
  };
  return {
    windowMonths: policy.windowMonths,
    people: {
      stock: (measure, months) => people().stock(measure, branches, monthsOf(months)),
      flow: (measure, months) => people().flow(measure, branches, monthsOf(months)),
      lostReasons: (months) => people().lostReasons(branches, monthsOf(months)),
      moved: (months) => people().moved(branches, monthsOf(months)),
      window: (measure, length, months) => people().window(measure, length, branches, monthsOf(months)),
    },
    quantities: (kinds, months) => sum(kinds.map(quantities), months),
    async interactions(kinds, months) {
      const [all, more] = await Promise.all([
        sum(kinds.map(quantities), months),
        sum(kinds.map(surplus), months),
      ]);
      return months.map((_, i) => all[i]! - more[i]!);
    },
    scores: (item, months) =>
      Promise.all(
        scoresOf[item].map(async (score) => ({
          score,
          counts: await monthlySums(models, idOf('satisfaction'), answers(item, score), anywhere, months),
        })),
      ),
    testimonials: (months) => monthlySums(models, idOf('testimonials'), 'received', anywhere, months),
    costs: {
      async currencies(months) {
        const wanted = new Set(monthsOf(months));
        const within = new Set(branches);
        const found = new Set<string>();
        for (const [cell, n] of await models.cells(costsModel, [allEntries])) {
          const [series, branch, month] = cell.split('|') as [string, string, string];
          if (n > 0 && within.has(branch) && wanted.has(month)) found.add(series.slice(1));
        }
        return [...found].sort();
      },
      minor: (months) => monthlySums(models, costsModel, amounts(currency()), branches, months),
      entries: (months) => monthlySums(models, costsModel, entries(currency()), branches, months),
      covered(months) {
        const by = { people: idOf('reader-activity'), volumes: idOf('volumes'), costs: costsModel };
        return coverage(models, by, currency(), branches, monthsOf(months));
      },
    },
  };
}

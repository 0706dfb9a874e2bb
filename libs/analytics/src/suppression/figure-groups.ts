import type { FigureCounts } from '../metrics/figure-counts.js';
import { lossReasons } from '../readership/people.js';

/** Figures that are hidden together in one month of one scope, because each could be worked out from the others. */
export const figureGroups = [
  'current',
  'active',
  'new',
  'lost',
  'reasons',
  'moves',
  'parts',
  'use',
  'responses',
  'testimonials',
] as const;

export type FigureGroup = (typeof figureGroups)[number];

/** Counts of persons or respondents by month, each aligned with the months asked for. */
export interface GroupCounts {
  /** Counts of which those of a scope are the sum of those of its branches. */
  readonly sums: readonly (readonly number[])[];
  /** Others. */
  readonly others: readonly (readonly number[])[];
}

type Months = readonly number[];

/** For each group, the counts of which none may be seen that is 1 to k − 1. */
export const countsOfGroup: Readonly<
  Record<FigureGroup, (sources: FigureCounts, months: Months) => GroupCounts>
> = {
  current: ({ people }, months) => sums(people.stock('current', months)),
  active: ({ people }, months) => sums(people.stock('active', months)),
  new: ({ people }, months) => sums(people.flow('new', months)),
  lost: ({ people }, months) => sums(people.flow('lost', months)),
  reasons({ people }, months) {
    const byMonth = people.lostReasons(months);
    return sums(...lossReasons.map((reason) => byMonth.map((of) => of[reason])));
  },
  // Readers who move between two branches of a library move neither into it nor out of it, so these do not add up. How many
  // they are is the difference.
  moves({ people }, months) {
    const { in: into, out, within } = people.moved(months);
    return { sums: [people.flow('reactivated', months)], others: [into, out, within] };
  },
  parts({ people, windowMonths }, months) {
    const before = months.map((month) => month - windowMonths);
    const kept = people.stock('kept', months);
    const left = people.stock('active', before).map((active, i) => active - kept[i]!);
    const parts = (['retained', 'returned', 'newly-active'] as const).map((of) => people.stock(of, months));
    return sums(...parts, kept, left);
  },
  use: ({ people }, months) =>
    sums(...([1, 3, 12] as const).map((length) => people.window('users', length, months))),
  responses: ({ scores }, months) =>
    sums(
      ...(['nps', 'csat'] as const).map((item) => {
        const byScore = scores(item, months);
        return months.map((_, i) => byScore.reduce((all, { counts }) => all + counts[i]!, 0));
      }),
    ),
  testimonials: ({ testimonials }, months) => sums(testimonials(months)),
};

function sums(...counts: readonly (readonly number[])[]): GroupCounts {
  return { sums: counts, others: [] };
}

/** What must be seen of a period for a figure to be shown: these groups in all its months, and those at its end. */
interface Shown {
  readonly throughout?: readonly FigureGroup[];
  readonly atEnd?: readonly FigureGroup[];
  /** Those at the end of the month that lies a window of activity before the end. */
  readonly windowBefore?: readonly FigureGroup[];
  /** Those at the end of the whole period, which has perhaps not come: a sum over a window of months ends there. */
  readonly atLast?: readonly FigureGroup[];
}

const kept: Shown = { atEnd: ['parts'], windowBefore: ['active'] };
const use: Shown = { throughout: ['use'], atLast: ['use'] };
const responses: Shown = { throughout: ['responses'] };

/** The metrics of persons and respondents, with the groups from which each is made. Others are never hidden. */
export const guarded: Readonly<Record<string, Shown>> = {
  'new-readers': { throughout: ['new'] },
  'lost-readers': { throughout: ['lost'] },
  'reactivated-readers': { throughout: ['moves'] },
  'moved-in-readers': { throughout: ['moves'] },
  'moved-out-readers': { throughout: ['moves'] },
  'current-readers': { atEnd: ['current'] },
  'active-readers': { atEnd: ['active'] },
  'cost-per-reader': { atEnd: ['active'] },
  'retained-readers': { atEnd: ['parts'] },
  'returned-readers': { atEnd: ['parts'] },
  'newly-active-readers': { atEnd: ['parts'] },
  retention: kept,
  churn: kept,
  frequency: use,
  'visit-days': use,
  satisfaction: responses,
  nps: responses,
  csat: responses,
  testimonials: { throughout: ['testimonials'] },
};

/**
 * The months and groups in which nothing may be hidden for a metric of a period to be shown. The period is given as the
 * months of it that have begun, and the last of all.
 */
export function neededFor(
  metric: string,
  months: Months,
  last: number,
  windowMonths: number,
): readonly { readonly month: number; readonly group: FigureGroup }[] {
  const { throughout = [], atEnd = [], windowBefore = [], atLast = [] } = guarded[metric] ?? {};
  const end = months.at(-1);
  if (end === undefined) return [];
  const at = (month: number) => (group: FigureGroup) => ({ month, group });
  return [
    ...months.flatMap((month) => throughout.map(at(month))),
    ...atEnd.map(at(end)),
    ...windowBefore.map(at(end - windowMonths)),
    ...(last === end ? [] : atLast.map(at(last))),
  ];
}

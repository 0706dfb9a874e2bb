import type { ServingBuild } from '../builds/builds.js';
import type { CountsOf } from '../calendar/fold-cells.js';
import type { CostsModel } from '../costs/costs-model.js';
import type { Directory, Scope } from '../directory/directory.js';
import { countsOf } from '../metrics/figure-counts.js';
import { countsOfGroup, figureGroups, type FigureGroup } from './figure-groups.js';
import type { MonthCounts, ScopeCounts, Tree } from './suppression.js';

/** What the figures are counted from, at one time. */
export interface CountedFrom {
  readonly running: ServingBuild;
  readonly costs: CostsModel;
  readonly directory: Directory;
  readonly asOf: string;
  /** The first month of which not everything is counted. */
  readonly unsettled: number;
}

export function treeOf(directory: Directory): Tree {
  const libraries = [...directory.branchesByLibrary].map(
    ([library, branches]) => [`library:${library}`, branches.map((branch) => `branch:${branch}`)] as const,
  );
  return {
    libraries: new Map(libraries),
    libraryOf: new Map(
      libraries.flatMap(([library, branches]) => branches.map((branch) => [branch, library] as const)),
    ),
  };
}

/** The counts of a group in one scope, for each of these months. */
export function groupCounts(
  group: FigureGroup,
  scope: Scope,
  months: readonly number[],
  counts: CountsOf,
  { running, costs, directory }: CountedFrom,
): readonly ScopeCounts[] {
  const sources = countsOf(counts, running, costs, scope, () => directory.settings.currency);
  const { sums, others } = countsOfGroup[group](sources, months);
  return months.map((_, i) => ({ sums: sums.map((of) => of[i]!), others: others.map((of) => of[i]!) }));
}

/** The counts of all groups in these scopes, for each of these months. */
export function countsIn(
  months: readonly number[],
  scopes: readonly string[],
  counts: CountsOf,
  from: CountedFrom,
): readonly MonthCounts[] {
  const byMonth = months.map(
    () => Object.fromEntries(figureGroups.map((group) => [group, new Map()])) as unknown as MutableCounts,
  );
  if (months.length === 0) return byMonth;
  for (const name of scopes) {
    const scope = from.directory.scope(name);
    for (const group of figureGroups)
      groupCounts(group, scope, months, counts, from).forEach((of, i) => byMonth[i]![group].set(name, of));
  }
  return byMonth;
}

type MutableCounts = Record<FigureGroup, Map<string, ScopeCounts>>;

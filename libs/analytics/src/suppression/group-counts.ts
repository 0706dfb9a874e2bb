import type { ServingBuild } from '../builds/builds.js';
import type { CountsOf } from '../calendar/fold-cells.js';
import type { CostsModel } from '../costs/costs-model.js';
import type { Directory, Scope } from '../directory/directory.js';
import { countsOf } from '../metrics/figure-counts.js';
import { countsOfGroup, figureGroups, type FigureGroup } from './figure-groups.js';
import type { ScopeCounts, Tree } from './suppression.js';

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

/** The counts of a month before any is known. */
export function noCounts(): Readonly<Record<FigureGroup, Map<string, ScopeCounts>>> {
  const groups = figureGroups.map((group) => [group, new Map<string, ScopeCounts>()] as const);
  return Object.fromEntries(groups) as unknown as Readonly<Record<FigureGroup, Map<string, ScopeCounts>>>;
}

import { Scopes, type Judge, type Reach } from '@readership/host';
import type { CountsOf } from '../calendar/fold-cells.js';
import { partsOf, type Directory, type Scope } from '../directory/directory.js';
import type { Figure } from '../metrics/definitions.js';
import { guarded, neededFor, related, type FigureGroup } from './figure-groups.js';
import { groupCounts, treeOf, type CountedFrom } from './group-counts.js';
import type { MonthHidden } from './hidden-figures.js';
import { consortium, isSmall } from './suppression.js';
import { windowGroups, windowLengths, windowName } from './windows.js';

/** Whom an answer is for. */
export interface Viewer {
  /** Says of which scopes they may see who was counted. There nothing is hidden from them. */
  readonly persons: Judge;
  /** Says of which scopes they may see figures. */
  readonly figures: Judge;
}

/** Somebody who reaches this far with figures, and with the persons who are counted in them. */
export async function viewerOf(
  directory: Directory,
  reaches: { readonly figures: readonly Reach[]; readonly persons: readonly Reach[] },
): Promise<Viewer> {
  const { libraries } = treeOf(directory);
  const all = [consortium, ...libraries.keys(), ...[...libraries.values()].flat()];
  const scopes = new Scopes(directory);
  return {
    persons: await scopes.judge(reaches.persons, all),
    figures: await scopes.judge(reaches.figures, all),
  };
}

/** Decides which figures of one answer are shown. */
export class ShownFigures {
  /** The branches of which the viewer knows the exact figures. */
  private readonly own: readonly string[];
  private readonly branches: readonly string[];
  private readonly librariesShown: readonly (readonly [string, readonly string[]])[];

  constructor(
    private readonly viewer: Viewer,
    private readonly hidden: ReadonlyMap<number, MonthHidden>,
    private readonly from: CountedFrom,
  ) {
    const { libraries } = treeOf(from.directory);
    this.branches = [...libraries.values()].flat();
    this.own = this.branches.filter((branch) => viewer.persons(branch));
    this.librariesShown = [...libraries].filter(([library]) => viewer.figures(library));
  }

  /** Whether a figure of a metric and scope is shown, for a period given as the months of it that have begun. */
  isShown(
    metric: string,
    scope: Scope,
    months: readonly number[],
    { n }: Pick<Figure, 'n'>,
    counts: CountsOf,
  ): boolean {
    if (guarded[metric] === undefined) return true;
    const parts = partsOf(scope.name);
    if (parts.every((part) => this.viewer.persons(part))) return true;
    if (isSmall(n)) return false;
    // Of several branches together the moves among them are not counted, which their own figures would give away.
    if (parts.length > 1 && countsBorders.has(metric)) return false;
    if (this.isShownTogether(metric, scope, months)) return true;
    const { windowMonths } = this.from.running.build.policy;
    return neededFor(metric, months, windowMonths).every(({ month, group }) =>
      parts.every((part) => this.viewer.persons(part) || this.isOpen(month, group, part, scope, counts)),
    );
  }

  /** Whether the reasons of the losses of a period are shown. */
  showsReasons(scope: Scope, months: readonly number[]): boolean {
    return partsOf(scope.name).every(
      (part) => this.viewer.persons(part) || months.every((month) => this.isPublic(month, 'reasons', part)),
    );
  }

  /**
   * Whether a figure of the consortium is shown for a period of which some months are hidden. Whoever knows the exact
   * figures of some branches could subtract these from it.
   */
  private isShownTogether(metric: string, scope: Scope, months: readonly number[]): boolean {
    const { throughout = [], atEnd = [], windowBefore = [] } = guarded[metric]!;
    const together: readonly string[] = windowGroups;
    if (this.own.length > 0 || !scope.consortium || atEnd.length + windowBefore.length > 0) return false;
    const end = this.hidden.get(months.at(-1) ?? NaN);
    return (
      windowLengths.some((length) => length === months.length) &&
      throughout.every(
        (group) => together.includes(group) && end?.scopes[group].has(windowName(months.length)) === false,
      ) &&
      months.every((month) => this.hidden.get(month)?.judged)
    );
  }

  private isOpen(month: number, group: FigureGroup, name: string, scope: Scope, counts: CountsOf): boolean {
    if (!this.isPublic(month, group, name) || this.givesAway(month, group, name, scope, counts)) return false;
    if ((group !== 'lost' && group !== 'reasons') || name === consortium) return true;
    // Nobody moves across the border of the consortium: with all losses, its rest would follow from the branches.
    const all = this.from.directory.scope(consortium);
    return !this.givesAway(month, group, consortium, all, counts);
  }

  private isPublic(month: number, group: FigureGroup, name: string): boolean {
    const of = this.hidden.get(month);
    if (of === undefined || (!of.judged && name !== consortium)) return false;
    return !of.scopes[group].has(name);
  }

  /**
   * Whether a figure gives away a small count to who subtracts the branches that are shown to them alone: its own, or that of
   * another from which it follows.
   */
  private givesAway(
    month: number,
    group: FigureGroup,
    name: string,
    scope: Scope,
    counts: CountsOf,
  ): boolean {
    if (name.startsWith('branch:')) return false;
    const isOwn = (branch: string) => this.own.includes(`branch:${branch}`);
    if (!scope.branches.some(isOwn)) return false;
    const groups = related.find((list) => list.includes(group))!;
    return [month - 1, month].some((at) =>
      groups.some((each) => this.restIsSmall(at, each, name, scope, counts)),
    );
  }

  /** Whether few are counted in a scope without all that the viewer sees within it. */
  private restIsSmall(
    month: number,
    group: FigureGroup,
    name: string,
    scope: Scope,
    counts: CountsOf,
  ): boolean {
    const within = name === consortium ? this.branches : scope.branches.map((branch) => `branch:${branch}`);
    const known = new Set([
      ...this.own,
      ...within.filter((branch) => this.viewer.figures(branch) && this.isPublic(month, group, branch)),
      ...(name === consortium
        ? this.librariesShown.flatMap(([library, branches]) => {
            const its = this.from.directory.scope(library);
            return this.isOpen(month, group, library, its, counts) ? branches : [];
          })
        : []),
    ]);
    const seen = within.filter((branch) => known.has(branch)).map((branch) => branch.slice('branch:'.length));
    const of = (some: Scope) => groupCounts(group, some, [month], counts, this.from)[0]!.sums;
    const whole = of(scope);
    const part = of({ name: '', consortium: false, branches: seen });
    return whole.some((count, i) => isSmall(count - part[i]!));
  }
}

const countsBorders = new Set(['moved-in-readers', 'moved-out-readers']);

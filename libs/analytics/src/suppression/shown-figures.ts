import { Scopes, type Judge, type Reach } from '@readership/host';
import type { CountsOf } from '../calendar/fold-cells.js';
import { partsOf, type Directory, type Scope } from '../directory/directory.js';
import type { Figure } from '../metrics/definitions.js';
import { guarded, neededFor, type FigureGroup } from './figure-groups.js';
import { groupCounts, treeOf, type CountedFrom } from './group-counts.js';
import type { MonthHidden } from './hidden-figures.js';
import { consortium, isSmall } from './suppression.js';

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

  /** Whether a figure of a metric and scope is shown, for a period given as for `neededFor`. */
  isShown(
    metric: string,
    scope: Scope,
    { months, last }: { readonly months: readonly number[]; readonly last: number },
    { n }: Pick<Figure, 'n'>,
    counts: CountsOf,
  ): boolean {
    if (guarded[metric] === undefined) return true;
    const parts = partsOf(scope.name);
    if (parts.every((part) => this.viewer.persons(part))) return true;
    if (isSmall(n)) return false;
    // Of several branches together the moves among them are not counted, which their own figures would give away.
    if (parts.length > 1 && countsBorders.has(metric)) return false;
    const { windowMonths } = this.from.running.build.policy;
    return neededFor(metric, months, last, windowMonths).every(({ month, group }) =>
      parts.every((part) => this.viewer.persons(part) || this.isOpen(month, group, part, scope, counts)),
    );
  }

  /** Whether the reasons of the losses of a period are shown. */
  showsReasons(scope: Scope, months: readonly number[], counts: CountsOf): boolean {
    return partsOf(scope.name).every(
      (part) =>
        this.viewer.persons(part) ||
        months.every((month) => this.isOpen(month, 'reasons', part, scope, counts)),
    );
  }

  private isOpen(month: number, group: FigureGroup, name: string, scope: Scope, counts: CountsOf): boolean {
    return (
      this.isPublic(month, group, name) &&
      followingFrom(month, group, name).every(
        (of) => !this.givesAway(of.month, of.group, name, scope, counts),
      )
    );
  }

  private isPublic(month: number, group: FigureGroup, name: string): boolean {
    const of = this.hidden.get(month);
    if (of === undefined || (!of.judged && name !== consortium)) return false;
    return !of.scopes[group].has(name);
  }

  /** Whether a figure gives away a small count to who subtracts the branches that are shown to them alone. */
  private givesAway(
    month: number,
    group: FigureGroup,
    name: string,
    scope: Scope,
    counts: CountsOf,
  ): boolean {
    if (this.own.length === 0 || name.startsWith('branch:')) return false;
    const within = name === consortium ? this.branches : scope.branches.map((branch) => `branch:${branch}`);
    const known = new Set([
      ...this.own,
      ...within.filter((branch) => this.viewer.figures(branch) && this.isPublic(month, group, branch)),
      ...(name === consortium
        ? this.librariesShown.flatMap(([library, branches]) =>
            this.isPublic(month, group, library) ? branches : [],
          )
        : []),
    ]);
    const seen = within.filter((branch) => known.has(branch)).map((branch) => branch.slice('branch:'.length));
    const of = (some: Scope) => groupCounts(group, some, [month], counts, this.from)[0]!.sums;
    const whole = of(scope);
    const part = of({ name: '', consortium: false, branches: seen });
    return whole.some((count, i) => isSmall(count - part[i]!));
  }
}

/** The groups that would follow if this one was shown, and itself: the same rules as in `hiddenIn`. */
function followingFrom(
  month: number,
  group: FigureGroup,
  name: string,
): readonly { readonly month: number; readonly group: FigureGroup }[] {
  if (group !== 'moves' && !(group === 'lost' && name === consortium)) return [{ month, group }];
  const ofMonth = (['current', 'new', 'lost', 'moves'] as const).map((of) => ({ month, group: of }));
  return [{ month: month - 1, group: 'current' }, ...ofMonth];
}

const countsBorders = new Set(['moved-in-readers', 'moved-out-readers']);

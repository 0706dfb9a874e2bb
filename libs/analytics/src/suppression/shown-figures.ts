import { Scopes, type Judge, type Reach } from '@readership/host';
import type { ReadModels } from '@readership/kernel';
import { foldCells } from '../calendar/fold-cells.js';
import { partsOf, type Directory, type Scope } from '../directory/directory.js';
import type { Figure } from '../metrics/definitions.js';
import { figureGroups, guarded, neededFor, type FigureGroup } from './figure-groups.js';
import { groupCounts, treeOf, type CountedFrom } from './group-counts.js';
import type { MonthHidden } from './hidden-figures.js';
import { consortium, isSmall, scopesIn } from './suppression.js';
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
  const all = scopesIn(treeOf(directory));
  const scopes = new Scopes(directory);
  return {
    persons: await scopes.judge(reaches.persons, all),
    figures: await scopes.judge(reaches.figures, all),
  };
}

/** Names what is left in a scope of a group in a month. */
const restOf = (name: string, group: FigureGroup, month: number) => `${name} ${group} ${month}`;

/** Decides which figures of one answer are shown. */
export class ShownFigures {
  private constructor(
    private readonly viewer: Viewer,
    private readonly hidden: ReadonlyMap<number, MonthHidden>,
    private readonly from: CountedFrom,
    /** Whether the viewer knows the exact figures of some branches. */
    private readonly knowsSome: boolean,
    /** Where few are left in a scope without all that the viewer sees within it, by `restOf`. */
    private readonly smallRests: ReadonlySet<string>,
  ) {}

  /** Reads the counts of what is left without what the viewer alone may see. */
  static async of(
    viewer: Viewer,
    hidden: ReadonlyMap<number, MonthHidden>,
    from: CountedFrom,
    models: Pick<ReadModels, 'cells'>,
  ): Promise<ShownFigures> {
    const { libraries, libraryOf } = treeOf(from.directory);
    const own = new Set([...libraryOf.keys()].filter((branch) => viewer.persons(branch)));
    const small = new Set<string>();
    const shown = new ShownFigures(viewer, hidden, from, own.size > 0, small);
    if (own.size === 0) return shown;
    const months = [...hidden.keys()];
    const withOwn = [...libraries].filter(([, branches]) => branches.some((branch) => own.has(branch)));
    for (const group of figureGroups) {
      const found = await foldCells(models, (counts) => {
        const smallIn = (name: string, of: (month: number) => Iterable<string>) => {
          const wholes = groupCounts(group, from.directory.scope(name), months, counts, from);
          return months.filter((month, at) => {
            const branches = [...of(month)].map((branch) => branch.slice('branch:'.length));
            const seen = { name: '', consortium: false, branches };
            const part = groupCounts(group, seen, [month], counts, from)[0]!.sums;
            return wholes[at]!.sums.some((count, i) => isSmall(count - part[i]!));
          });
        };
        const sees = (month: number, branch: string) =>
          own.has(branch) || (viewer.figures(branch) && shown.isPublic(month, group, branch));
        const ofLibraries = withOwn.map(
          ([library, branches]) =>
            [library, smallIn(library, (month) => branches.filter((branch) => sees(month, branch)))] as const,
        );
        const few = new Map(ofLibraries);
        const ofAll = smallIn(consortium, (month) =>
          [...libraries].flatMap(([library, branches]) => {
            const isWhole =
              viewer.figures(library) &&
              shown.isPublic(month, group, library) &&
              few.get(library)?.includes(month) !== true;
            return isWhole ? branches : branches.filter((branch) => sees(month, branch));
          }),
        );
        return [...ofLibraries, [consortium, ofAll] as const];
      });
      for (const [name, few] of found) for (const month of few) small.add(restOf(name, group, month));
    }
    return shown;
  }

  /** Whether a figure of a metric and scope is shown, for a period given as for `neededFor`. */
  isShown(
    metric: string,
    scope: Scope,
    { months, last }: { readonly months: readonly number[]; readonly last: number },
    { n }: Pick<Figure, 'n'>,
  ): boolean {
    if (guarded[metric] === undefined) return true;
    const parts = partsOf(scope.name);
    if (parts.every((part) => this.viewer.persons(part))) return true;
    if (isSmall(n)) return false;
    // Of several branches together the moves among them are not counted, which their own figures would give away.
    if (parts.length > 1 && countsBorders.has(metric)) return false;
    if (this.isShownTogether(metric, scope, months)) return true;
    const { windowMonths } = this.from.running.build.policy;
    return neededFor(metric, months, last, windowMonths).every(({ month, group }) =>
      parts.every((part) => this.viewer.persons(part) || this.isOpen(month, group, part)),
    );
  }

  /** Whether the reasons of the losses of a period are shown. */
  showsReasons(scope: Scope, months: readonly number[]): boolean {
    return partsOf(scope.name).every(
      (part) => this.viewer.persons(part) || months.every((month) => this.isOpen(month, 'reasons', part)),
    );
  }

  /**
   * Whether a figure of the consortium is shown for a period of which some months are hidden. Whoever knows the exact
   * figures of some branches could subtract these from it.
   */
  private isShownTogether(metric: string, scope: Scope, months: readonly number[]): boolean {
    const { throughout = [], atEnd = [], windowBefore = [] } = guarded[metric]!;
    const together: readonly string[] = windowGroups;
    if (this.knowsSome || !scope.consortium || atEnd.length + windowBefore.length > 0) return false;
    const end = this.hidden.get(months.at(-1) ?? NaN);
    return (
      windowLengths.some((length) => length === months.length) &&
      throughout.every(
        (group) => together.includes(group) && end?.scopes[group].has(windowName(months.length)) === false,
      ) &&
      months.every((month) => this.hidden.get(month)?.judged)
    );
  }

  private isOpen(month: number, group: FigureGroup, name: string): boolean {
    if (!this.isPublic(month, group, name) || this.givesAway(month, group, name)) return false;
    // With the losses of all branches those of the consortium are known.
    return !(group === 'lost' || group === 'reasons') || !this.givesAway(month, 'lost', consortium);
  }

  private isPublic(month: number, group: FigureGroup, name: string): boolean {
    const of = this.hidden.get(month);
    if (of === undefined || (!of.judged && name !== consortium)) return false;
    return !of.scopes[group].has(name);
  }

  /**
   * Whether a figure gives away a small count to who subtracts the branches that are shown to them alone: its own, or that of
   * another from which it follows. The rules are those of `hiddenIn`.
   */
  private givesAway(month: number, group: FigureGroup, name: string): boolean {
    const isSmallRest = (of: FigureGroup, at = month) => this.smallRests.has(restOf(name, of, at));
    const isMembership = () => isSmallRest('current', month - 1) || membership.some((of) => isSmallRest(of));
    if (isSmallRest(group)) return true;
    switch (group) {
      case 'moves':
        return isMembership();
      case 'lost':
        return name === consortium && isMembership();
      case 'reasons':
        return this.givesAway(month, 'lost', name);
      case 'parts':
      case 'use':
        return isSmallRest('active');
      default:
        return false;
    }
  }
}

const membership: readonly FigureGroup[] = ['current', 'new', 'lost', 'moves'];

const countsBorders = new Set(['moved-in-readers', 'moved-out-readers']);

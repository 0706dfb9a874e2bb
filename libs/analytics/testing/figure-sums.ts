import { monthOf } from '../src/calendar/days-and-months.js';
import type { Point } from '../src/metrics/figures-query.js';
import { first, last, months, reasons, windowMonths, type Tree } from './random-consortium.js';
import type { Sum } from './attacker.js';

export interface Asked {
  readonly metric: string;
  readonly scope: string;
  readonly grain: 'month' | 'quarter' | 'year' | '12-months';
  readonly year?: 'fiscal';
}

export interface Told extends Asked {
  readonly points: readonly Point[];
}

/** The first and last month of a period by its name. */
function bounds(period: string, fiscal: boolean): readonly [number, number] {
  if (period.includes('/')) return period.split('/').map(monthOf) as [number, number];
  const quarter = /^(\d{4})-Q(\d)$/.exec(period);
  if (quarter) {
    const begin = monthOf(`${quarter[1]}-01`) + 3 * (+quarter[2]! - 1);
    return [begin, begin + 2];
  }
  if (period.length === 7) return [monthOf(period), monthOf(period)];
  const begin = monthOf(`${period.replace('FY', '')}-01`) + (fiscal ? 3 : 0);
  return [begin, begin + 11];
}

function branchesOf(scope: string, { libraries, branches }: Tree): readonly string[] {
  if (scope === 'consortium') return branches;
  if (scope.startsWith('library:')) return libraries[scope.slice('library:'.length)]!;
  return scope.split(',').map((part) => part.slice('branch:'.length));
}

/** A sum of counts, each of a branch and month. Before the history begins all are known to be 0. */
export function sumOf(
  terms: readonly (readonly [
    name: string,
    branches: readonly string[],
    from: number,
    to: number,
    n?: number,
  ])[],
): Sum {
  const sum = new Map<string, number>();
  for (const [name, branches, from, to, n = 1] of terms) {
    for (const branch of branches)
      for (let month = Math.max(from, first); month <= Math.min(to, last + 1); month++)
        sum.set(`${name}|${branch}|${month}`, (sum.get(`${name}|${branch}|${month}`) ?? 0) + n);
  }
  return sum;
}

/** Moves across the border of a scope, by pairs of branches. */
function movesOf(inside: readonly string[], way: 'in' | 'out', tree: Tree, from: number, to: number): Sum {
  const outside = tree.branches.filter((branch) => !inside.includes(branch));
  const [sources, targets] = way === 'in' ? [outside, inside] : [inside, outside];
  const pairs = sources.flatMap((source) => targets.map((target) => `${source}>${target}`));
  return sumOf([['move', pairs, from, to]]);
}

/** The sums that a shown figure tells. */
export function sumsTold(
  { metric, scope, grain, year }: Told,
  { period, reasons: split }: Point,
  tree: Tree,
): Sum[] {
  const [from, to] = bounds(period, year === 'fiscal');
  const of = branchesOf(scope, tree);
  // What belongs to no branch is counted for the consortium too.
  const also = scope === 'consortium' ? [...of, '-'] : of;
  const end = Math.min(to, last + 1);
  const throughout = (...names: string[]) => sumOf(names.map((name) => [name, of, from, to] as const));
  const atEnd = (name: string) => sumOf([[name, of, end, end]]);
  const length = { month: 1, quarter: 3, year: 12, '12-months': 12 }[grain];
  switch (metric) {
    case 'new-readers':
      return [throughout('new')];
    case 'lost-readers':
      return [
        throughout(...reasons.map((reason) => `lost-${reason}`)),
        ...(split ? reasons.map((reason) => throughout(`lost-${reason}`)) : []),
      ];
    case 'reactivated-readers':
      return [throughout('reactivated')];
    case 'moved-in-readers':
      return [movesOf(of, 'in', tree, from, to)];
    case 'moved-out-readers':
      return [movesOf(of, 'out', tree, from, to)];
    case 'current-readers':
      return [atEnd('current')];
    case 'active-readers':
    case 'cost-per-reader':
      return [atEnd('active')];
    case 'retained-readers':
      return [atEnd('retained')];
    case 'returned-readers':
      return [atEnd('returned')];
    case 'newly-active-readers':
      return [atEnd('newly')];
    case 'retention':
    case 'churn':
      return [atEnd('kept'), sumOf([['active', of, end - windowMonths, end - windowMonths]])];
    case 'frequency':
    case 'visit-days':
      return to > last + 1 ? [] : [sumOf([[`users-${length}`, of, to, to]])];
    case 'satisfaction':
    case 'csat':
      return [sumOf([['csat', also, from, to]])];
    case 'nps':
      return [sumOf([['nps', also, from, to]])];
    case 'testimonials':
      return [sumOf([['testimonials', also, from, to]])];
  }
  throw new Error(metric);
}

/** What everybody knows who has read how the figures are defined. */
export function definitions(tree: Tree): Sum[] {
  const sums: Sum[] = [];
  for (const month of [...months, last + 1]) {
    for (const branch of tree.branches) {
      const at = [branch];
      sums.push(
        new Map([
          ...sumOf([
            ['current', at, month - 1, month - 1],
            ['current', at, month, month, -1],
            ['new', at, month, month],
            ['reactivated', at, month, month],
            ...reasons.map((reason) => [`lost-${reason}`, at, month, month, -1] as const),
          ]),
          ...movesOf(at, 'in', tree, month, month),
          ...[...movesOf(at, 'out', tree, month, month)].map(([name, n]) => [name, -n] as const),
        ]),
        sumOf([
          ['active', at, month, month, -1],
          ['retained', at, month, month],
          ['returned', at, month, month],
          ['newly', at, month, month],
        ]),
        sumOf([
          ['kept', at, month, month],
          ['left', at, month, month],
          ['active', at, month - windowMonths, month - windowMonths, -1],
        ]),
      );
    }
    sums.push(
      sumOf([
        ['kept', tree.branches, month, month],
        ['retained', tree.branches, month, month, -1],
      ]),
    );
  }
  return sums;
}

import type { FigureGroup } from './figure-groups.js';

/** Fewer persons or respondents than these are never shown. */
export const leastShown = 5;

/** Says whether a count could point to somebody. Nobody is no one to point to. */
export const isSmall = (count: number): boolean => count > 0 && count < leastShown;

export const consortium = 'consortium';

/** The branches of each library, and the library of each branch, by their scopes. */
export interface Tree {
  readonly libraries: ReadonlyMap<string, readonly string[]>;
  readonly libraryOf: ReadonlyMap<string, string>;
}

/** All scopes of a tree. */
export function scopesIn({ libraries, libraryOf }: Tree): readonly string[] {
  return [consortium, ...libraries.keys(), ...libraryOf.keys()];
}

export const treeOfNone: Tree = { libraries: new Map(), libraryOf: new Map() };

/** Of one group in one month: the counts of each scope. */
export interface ScopeCounts {
  readonly sums: readonly number[];
  readonly others: readonly number[];
}

export type MonthCounts = Readonly<Record<FigureGroup, ReadonlyMap<string, ScopeCounts>>>;

/** The scopes whose figures of each group are hidden in one month. */
export type HiddenScopes = Readonly<Record<FigureGroup, ReadonlySet<string>>>;

/**
 * The scopes that must be hidden in a month, so that whoever sees all others, of the months around it too, can work out no
 * count of 1 to k − 1 by adding and subtracting. `already` stays hidden; its branches belonged to the `libraries` then.
 * `before` is what is hidden of the month before.
 *
 * The order of the groups matters: each is hidden where it would give away one before it. At the end of a month
 * current = before + new + reactivated − lost + moved in − moved out, active = retained + returned + newly active, and lost
 * readers are the sum over their reasons.
 */
export function hiddenIn(
  tree: Tree,
  counts: MonthCounts,
  already: { readonly scopes: HiddenScopes; readonly libraries: ReadonlyMap<string, string> },
  before: HiddenScopes,
): HiddenScopes {
  const close = (group: FigureGroup, ...more: readonly ReadonlySet<string>[]) => {
    const changed = changedLibraries(tree, counts[group], already.scopes[group], already.libraries);
    const too = more.flatMap((scopes) => [...scopes]).filter((scope) => counts[group].has(scope));
    return closed(tree, counts[group], new Set([...already.scopes[group], ...changed, ...too]));
  };
  const current = close('current');
  const active = close('active');
  const joined = close('new');
  const left = close('lost');
  const moves = close('moves', current, before.current, joined, left);
  // Nobody moves across the border of the consortium, so what remains there is reactivated − lost.
  const lost = moves.has(consortium) ? new Set([...left, ...counts.lost.keys()]) : left;
  return {
    current,
    active,
    new: joined,
    lost,
    moves,
    reasons: close('reasons', lost),
    parts: close('parts', active),
    use: close('use', active),
    responses: close('responses'),
    testimonials: close('testimonials'),
  };
}

/**
 * The libraries that were left or joined by hidden branches of a small count, which is the difference between what a
 * library was and what it is.
 */
function changedLibraries(
  { libraryOf }: Tree,
  counts: ReadonlyMap<string, ScopeCounts>,
  hidden: ReadonlySet<string>,
  libraries: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const moved = new Map<string, readonly number[]>();
  for (const branch of hidden) {
    const [was, is, of] = [libraries.get(branch), libraryOf.get(branch), counts.get(branch)];
    if (was === undefined || is === undefined || was === is || of === undefined) continue;
    for (const library of [was, is])
      moved.set(
        library,
        of.sums.map((count, i) => count + (moved.get(library)?.[i] ?? 0)),
      );
  }
  return new Set([...moved].flatMap(([library, sums]) => (sums.some(isSmall) ? [library] : [])));
}

/**
 * Hides the scopes with a small count, and then as few others as are needed for this: whatever is left of a scope that is
 * shown, once everything shown within it is subtracted, is nobody, or at least k.
 */
function closed(
  tree: Tree,
  counts: ReadonlyMap<string, ScopeCounts>,
  hidden: Set<string>,
): ReadonlySet<string> {
  for (const [scope, { sums, others }] of counts) if ([...sums, ...others].some(isSmall)) hidden.add(scope);
  for (const [library, branches] of tree.libraries) {
    while (!hidden.has(library)) {
      const smallest = smallestToHide(restOf(library, branches, counts, hidden), branches, counts, hidden);
      if (smallest === null) break;
      hidden.add(smallest ?? library);
    }
  }
  while (!hidden.has(consortium)) {
    const shown = [...tree.libraries].flatMap(([library, branches]) =>
      hidden.has(library) ? branches : [library],
    );
    const rest = restOf(consortium, shown, counts, hidden);
    const smallest = smallestToHide(rest, [...tree.libraryOf.keys()], counts, hidden);
    if (smallest === null) break;
    hidden.add(smallest ?? consortium);
    // Else the branch is the difference between its library and the others there.
    if (smallest !== undefined) hidden.add(tree.libraryOf.get(smallest)!);
  }
  // So that of a hidden consortium nobody knows a part, which could be subtracted from what is told of several months.
  if (hidden.has(consortium)) {
    for (const [scope, { sums }] of counts) if (sums.some((count) => count !== 0)) hidden.add(scope);
  }
  return hidden;
}

/** What is left of each count of a scope without the shown ones among the scopes that it consists of. */
function restOf(
  scope: string,
  parts: readonly string[],
  counts: ReadonlyMap<string, ScopeCounts>,
  hidden: ReadonlySet<string>,
): readonly number[] {
  const rest = [...counts.get(scope)!.sums];
  for (const part of parts)
    if (!hidden.has(part)) counts.get(part)!.sums.forEach((count, i) => (rest[i]! -= count));
  return rest;
}

/**
 * The smallest shown branch that adds to a rest which is too small; `null` when none is, and `undefined` when no branch
 * can add to it.
 */
function smallestToHide(
  rest: readonly number[],
  branches: readonly string[],
  counts: ReadonlyMap<string, ScopeCounts>,
  hidden: ReadonlySet<string>,
): string | null | undefined {
  const small = rest.findIndex(isSmall);
  if (small < 0) return null;
  const size = (branch: string) => counts.get(branch)!.sums[small]!;
  return branches
    .filter((branch) => !hidden.has(branch) && size(branch) > 0)
    .reduce<string | undefined>(
      (least, branch) => (least === undefined || size(branch) < size(least) ? branch : least),
      undefined,
    );
}

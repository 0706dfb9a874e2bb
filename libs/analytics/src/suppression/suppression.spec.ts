import { figureGroups, type FigureGroup } from './figure-groups.js';
import { nothingHidden } from './hidden-figures.decider.js';
import { hiddenIn, type HiddenScopes, type MonthCounts, type ScopeCounts } from './suppression.js';

const libraries = {
  'library:CITY': ['branch:A', 'branch:B', 'branch:C'],
  'library:TOWN': ['branch:D', 'branch:E'],
};
const branches = Object.values(libraries).flat();
const libraryOf = new Map(
  Object.entries(libraries).flatMap(([library, of]) => of.map((branch) => [branch, library] as const)),
);
const tree = { libraries: new Map(Object.entries(libraries)), libraryOf };

type Counts = Readonly<Record<string, readonly number[]>>;

/** The counts of all scopes, summed up from those of branches; `nowhere` is what belongs to the consortium alone. */
function summedUp(ofBranches: Counts, nowhere: readonly number[] = []): Map<string, ScopeCounts> {
  const none = Object.values(ofBranches)[0]?.map(() => 0) ?? [0];
  const own = (branch: string) => ofBranches[branch] ?? none;
  const sum = (of: readonly string[]) =>
    of.reduce<readonly number[]>((all, branch) => all.map((n, i) => n + own(branch)[i]!), none);
  const all = sum(branches).map((n, i) => n + (nowhere[i] ?? 0));
  return new Map(
    [
      ['consortium', all] as const,
      ...Object.entries(libraries).map(([library, of]) => [library, sum(of)] as const),
      ...branches.map((branch) => [branch, own(branch)] as const),
    ].map(([scope, sums]) => [scope, { sums, others: [] }]),
  );
}

const plenty = summedUp(Object.fromEntries(branches.map((branch) => [branch, [100]])));

/** What is hidden when the groups that are not given have plenty everywhere. */
function hidden(
  counts: Partial<Record<FigureGroup, Map<string, ScopeCounts>>>,
  already: Partial<HiddenScopes> = {},
  before: Partial<HiddenScopes> = {},
  belonged: ReadonlyMap<string, string> = libraryOf,
) {
  const all = Object.fromEntries(figureGroups.map((group) => [group, counts[group] ?? plenty]));
  const found = hiddenIn(
    tree,
    all as unknown as MonthCounts,
    { scopes: { ...nothingHidden.scopes, ...already }, libraries: belonged },
    { ...nothingHidden.scopes, ...before },
  );
  const named = figureGroups.map((group) => [group, [...found[group]].sort()] as const);
  return Object.fromEntries(named.filter(([, scopes]) => scopes.length > 0));
}

describe('what is hidden in a month', () => {
  it('is nothing where nobody or at least five are counted', () => {
    expect(
      hidden({ testimonials: summedUp({ 'branch:A': [0], 'branch:B': [5], 'branch:D': [80] }) }),
    ).toEqual({});
  });

  it('is a small count, and the smallest beside it that is not 0', () => {
    const counts = { 'branch:A': [4], 'branch:B': [40], 'branch:C': [9], 'branch:D': [7], 'branch:E': [0] };
    expect(hidden({ testimonials: summedUp(counts) })).toEqual({ testimonials: ['branch:A', 'branch:C'] });
  });

  it('are two small counts alone when they are five together, else one more', () => {
    const ofTwo = (a: number, b: number) =>
      hidden({
        testimonials: summedUp({ 'branch:A': [a], 'branch:B': [b], 'branch:C': [30], 'branch:D': [8] }),
      });
    expect(ofTwo(2, 3)).toEqual({ testimonials: ['branch:A', 'branch:B'] });
    expect(ofTwo(2, 2)).toEqual({ testimonials: ['branch:A', 'branch:B', 'branch:C'] });
  });

  it('is a small library, with the smallest branch elsewhere and its library', () => {
    const counts = { 'branch:A': [20], 'branch:B': [12], 'branch:C': [30], 'branch:D': [1], 'branch:E': [2] };
    expect(hidden({ testimonials: summedUp(counts) })).toEqual({
      testimonials: ['branch:B', 'branch:D', 'branch:E', 'library:CITY', 'library:TOWN'],
    });
  });

  it('is the whole consortium when fewer than five are all there are', () => {
    expect(hidden({ testimonials: summedUp({ 'branch:A': [3] }) })).toEqual({
      testimonials: ['branch:A', 'consortium', 'library:CITY'],
    });
  });

  it('is a branch whose difference to the consortium are a few who belong to no branch', () => {
    const counts = { 'branch:A': [20], 'branch:B': [12], 'branch:D': [30], 'branch:E': [50] };
    expect(hidden({ responses: summedUp(counts, [2]) })).toEqual({ responses: ['branch:B', 'library:CITY'] });
  });

  it('stays hidden, and takes with it what is small without it', () => {
    const counts = { 'branch:A': [3], 'branch:B': [7], 'branch:C': [9], 'branch:D': [8] };
    const kept = { testimonials: new Set(['branch:C', 'branch:A']) };
    expect(hidden({ testimonials: summedUp(counts) }, kept)).toEqual({
      testimonials: ['branch:A', 'branch:C'],
    });
  });

  it('are the libraries between which a hidden branch of a small count was moved', () => {
    const counts = { 'branch:A': [30], 'branch:B': [20], 'branch:C': [40], 'branch:D': [3], 'branch:E': [9] };
    const kept = { testimonials: new Set(['branch:D', 'branch:E']) };
    expect(hidden({ testimonials: summedUp(counts) }, kept)).toEqual({
      testimonials: ['branch:D', 'branch:E'],
    });
    const before = new Map([...libraryOf, ['branch:D', 'library:CITY']]);
    expect(hidden({ testimonials: summedUp(counts) }, kept, {}, before)).toEqual({
      testimonials: ['branch:D', 'branch:E', 'library:CITY', 'library:TOWN'],
    });
  });

  it('is hidden by every count of a group', () => {
    const counts = { 'branch:A': [90, 4], 'branch:B': [80, 0], 'branch:C': [70, 50], 'branch:D': [60, 6] };
    expect(hidden({ use: summedUp(counts) })).toEqual({ use: ['branch:A', 'branch:C'] });
  });

  it('are moves of a branch that would give away new or lost readers, or the readers at either end', () => {
    const few = summedUp({ 'branch:A': [3], 'branch:B': [6], 'branch:C': [60], 'branch:D': [60] });
    const moves = ['branch:A', 'branch:B'];
    expect(hidden({ new: few })).toEqual({ new: moves, moves });
    expect(hidden({ lost: few })).toEqual({ lost: moves, moves, reasons: moves });
    expect(hidden({ current: few })).toEqual({ current: moves, moves });
    expect(hidden({}, {}, { current: new Set(moves) })).toEqual({ moves });
  });

  it('are all losses, with their reasons, where few readers of the consortium came back', () => {
    const all = ['consortium', ...tree.libraries.keys(), ...branches].sort();
    expect(hidden({ moves: summedUp({ 'branch:A': [2] }) })).toEqual({
      moves: ['branch:A', 'consortium', 'library:CITY'],
      lost: all,
      reasons: all,
    });
  });

  it('are the parts of active readers, and their use, where active readers are few', () => {
    const few = summedUp({ 'branch:A': [3], 'branch:B': [6], 'branch:C': [60], 'branch:D': [60] });
    const scopes = ['branch:A', 'branch:B'];
    expect(hidden({ active: few })).toEqual({ active: scopes, parts: scopes, use: scopes });
  });
});

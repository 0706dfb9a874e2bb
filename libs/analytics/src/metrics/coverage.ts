import { interactionKinds } from '@readership/contracts';
import type { ReadModels } from '@readership/kernel';
import { entries } from '../costs/spending.tally.js';
import { quantities } from '../volumes/volumes.tally.js';

/** Of the branch-months of a scope and period that have readers or use (`of`), those that also have costs (`with`). */
export interface Covered {
  readonly with: number;
  readonly of: number;
}

/** The read models that the coverage is counted from, by id. */
export interface CoverageModels {
  readonly people: string;
  readonly volumes: string;
  readonly costs: string;
}

/** How much of each month (`YYYY-MM`) costs cover. Reads a range of cells for each series, however many branches. */
export async function coverage(
  models: ReadModels,
  ids: CoverageModels,
  currency: string,
  branches: readonly string[],
  months: readonly string[],
): Promise<Covered[]> {
  const cellsOf = (id: string, series: string) => {
    const range = branches.length === 1 ? `${series}|${branches[0]}` : series;
    return models.cells(id, [{ from: `${range}|`, to: `${range}}` }]);
  };
  const costed = counted(await cellsOf(ids.costs, entries(currency)));
  const busy = new Set<string>();
  for (const stock of ['current', 'active'])
    for (const branchMonth of held(await cellsOf(ids.people, stock), months)) busy.add(branchMonth);
  const all = branches.flatMap((branch) => months.map((month) => `${branch}|${month}`));
  // Most branches have readers in every month.
  if (!all.every((branchMonth) => busy.has(branchMonth))) {
    const used = await Promise.all(interactionKinds.map((kind) => cellsOf(ids.volumes, quantities(kind))));
    for (const cells of used) for (const branchMonth of counted(cells)) busy.add(branchMonth);
  }
  return months.map((month) => {
    const of = branches.filter((branch) => busy.has(`${branch}|${month}`));
    return { with: of.filter((branch) => costed.has(`${branch}|${month}`)).length, of: of.length };
  });
}

/** The branch-months of a series of counts in which something was counted. */
function counted(cells: ReadonlyMap<string, number>): Set<string> {
  const found = new Set<string>();
  for (const [cell, n] of cells) if (n > 0) found.add(cell.slice(cell.indexOf('|') + 1));
  return found;
}

/** The branch-months of a series of changes at whose end there is somebody. */
function held(cells: ReadonlyMap<string, number>, months: readonly string[]): string[] {
  const byBranch = new Map<string, (readonly [month: string, change: number])[]>();
  for (const [cell, change] of cells) {
    const [, branch, month] = cell.split('|') as [string, string, string];
    const changes = byBranch.get(branch);
    if (changes) changes.push([month, change]);
    else byBranch.set(branch, [[month, change]]);
  }
  const ascending = [...new Set(months)].sort();
  const found: string[] = [];
  for (const [branch, changes] of byBranch) {
    let [at, value] = [0, 0];
    for (const month of ascending) {
      // Cells come in the order of their months.
      while (at < changes.length && changes[at]![0] <= month) value += changes[at++]![1];
      if (value > 0) found.push(`${branch}|${month}`);
    }
  }
  return found;
}

import type { ReadModels } from '@readership/kernel';
import { isoMonth } from './days-and-months.js';

/**
 * The name of a monthly count: `<series>|<branch>|<YYYY-MM>`. Counts without a branch have `-` there. Neither series
 * nor branches contain `|`.
 */
export function monthlyCell(series: string, branch: string | undefined, month: string): string {
  return `${series}|${branch ?? nowhere}|${month}`;
}

export const nowhere = '-';

/** The sums of a series over branches, one for each month number given. */
export async function monthlySums(
  models: ReadModels,
  model: string,
  series: string,
  branches: readonly string[],
  months: readonly number[],
): Promise<number[]> {
  if (months.length === 0 || branches.length === 0) return months.map(() => 0);
  const from = isoMonth(Math.min(...months));
  const to = isoMonth(Math.max(...months) + 1);
  const sums = new Map<string, number>();
  const add = (month: string, n: number) => sums.set(month, (sums.get(month) ?? 0) + n);
  if (branches.length === 1) {
    const range = { from: monthlyCell(series, branches[0], from), to: monthlyCell(series, branches[0], to) };
    const cells = await models.cells(model, [range]);
    for (const [cell, n] of cells) add(cell.slice(-7), n);
  } else {
    const wanted = new Set(branches);
    for (const [cell, n] of await models.cells(model, [{ from: `${series}|`, to: `${series}}` }])) {
      if (wanted.has(cell.slice(series.length + 1, -8))) add(cell.slice(-7), n);
    }
  }
  return months.map((month) => sums.get(isoMonth(month)) ?? 0);
}

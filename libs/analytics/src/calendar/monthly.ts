/**
 * The name of a monthly count: `<series>|<branch>|<YYYY-MM>`. Counts without a branch have `-` there, and those of the
 * consortium `*`. Neither series nor branches contain `|`.
 */
export function monthlyCell(series: string, branch: string | undefined, month: string): string {
  return `${series}|${branch ?? nowhere}|${month}`;
}

export const nowhere = '-';

/** Stands for the branch in the counts of the whole consortium, which hold those of every branch and of none. */
export const everywhere = '*';

/** The names of the cells of a monthly count: at its branch and, with totals, of the consortium. */
export function monthlyCells(
  series: string,
  branch: string | undefined,
  month: string,
  totals: boolean,
): readonly string[] {
  const own = monthlyCell(series, branch, month);
  return totals ? [own, monthlyCell(series, everywhere, month)] : [own];
}

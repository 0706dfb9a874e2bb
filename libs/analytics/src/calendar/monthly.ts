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

/**
 * The names of the cells of a monthly count: at its branch and, with totals, of the consortium. Without a branch only the
 * consortium's is read then, so that there is no other, which would be that of a branch called `-`.
 */
export function monthlyCells(
  series: string,
  branch: string | undefined,
  month: string,
  totals: boolean,
): readonly string[] {
  const own = monthlyCell(series, branch, month);
  if (!totals) return [own];
  const total = monthlyCell(series, everywhere, month);
  return branch === undefined ? [total] : [own, total];
}

import type { Cells } from './projection.js';

/** The cells of a row in the order in which its tallies name them. It takes a third of the memory of a map. */
export interface Counted {
  readonly names: readonly string[];
  readonly counts: readonly number[];
}

export const countedNothing: Counted = { names: [], counts: [] };

/** `cells` of tallies that have no name in common. */
export function counted(cells: readonly Cells[]): Counted {
  const names: string[] = [];
  const counts: number[] = [];
  for (const of of cells) {
    for (const [name, count] of of) {
      names.push(name);
      counts.push(count);
    }
  }
  return { names, counts };
}

/**
 * Adds to each cell what `after` counts more than `before`. A tally names the cells of two similar rows in nearly the
 * same order, so the cells at both ends are compared without looking them up. Cells that did not change may become 0.
 */
export function addDifference(to: Map<string, number>, before: Counted, after: Counted): void {
  const plus = (name: string, n: number): void => {
    if (n !== 0) to.set(name, (to.get(name) ?? 0) + n);
  };
  let start = 0;
  let endBefore = before.names.length;
  let endAfter = after.names.length;
  while (start < endBefore && start < endAfter && before.names[start] === after.names[start]) {
    plus(after.names[start]!, after.counts[start]! - before.counts[start]!);
    start++;
  }
  while (endBefore > start && endAfter > start && before.names[endBefore - 1] === after.names[endAfter - 1]) {
    endBefore--;
    endAfter--;
    plus(after.names[endAfter]!, after.counts[endAfter]! - before.counts[endBefore]!);
  }
  for (let at = start; at < endAfter; at++) plus(after.names[at]!, after.counts[at]!);
  for (let at = start; at < endBefore; at++) plus(before.names[at]!, -before.counts[at]!);
}

/** What rows count, so that it is not counted again when they change: as many cells as given, the last used. */
export class KeptCounts {
  private readonly byRow = new Map<string, Counted>();
  private cells = 0;

  constructor(private readonly cellsMax: number) {}

  get(row: string): Counted | undefined {
    return this.byRow.get(row);
  }

  set(row: string, kept: Counted): void {
    this.delete(row);
    this.byRow.set(row, kept);
    this.cells += kept.names.length;
    for (const [oldest] of this.byRow) {
      if (this.cells <= this.cellsMax) return;
      this.delete(oldest);
    }
  }

  delete(row: string): void {
    const known = this.byRow.get(row);
    if (!known) return;
    this.byRow.delete(row);
    this.cells -= known.names.length;
  }
}

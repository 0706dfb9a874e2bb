import { cellRangesMax, type CellRange, type ReadModels } from '@readership/kernel';
import { setImmediate as otherRequests } from 'node:timers/promises';

/** Counts by what follows the prefix in the names of their cells: the month, and for some series more. */
export type Counts = ReadonlyMap<string, number>;

/**
 * The cells `<prefix>|<from>…` to `<prefix>|<to>…` of a read model, months `YYYY-MM` both included. It may hold other
 * months of the prefix, too. `unread` while they are not read yet.
 */
export type CountsOf = (model: string, prefix: string, from: string, to: string) => Counts;

export const unread: Counts = new Map();

/** After so long, other requests have their turn. */
const turnMs = 50;

/**
 * Folds cells into an answer. What `fold` asks for is noted and read together, in one read of each model; then it folds
 * again, until it asks for nothing new. So it must be pure, and asks for the same when it is given the same.
 */
export async function foldCells<T>(
  models: Pick<ReadModels, 'cells'>,
  fold: (counts: CountsOf) => T,
): Promise<T> {
  const [answer] = await foldCellsInTurn(models, [fold]);
  return answer!;
}

/** Folds cells into several answers like `foldCells`, all from the same reads. Between two, others have their turn. */
export async function foldCellsInTurn<T>(
  models: Pick<ReadModels, 'cells'>,
  folds: readonly ((counts: CountsOf) => T)[],
): Promise<readonly T[]> {
  const read = new Map<string, ModelCells>();
  const counts: CountsOf = (model, prefix, from, to) => {
    let cells = read.get(model);
    if (cells === undefined) read.set(model, (cells = new ModelCells(models, model)));
    return cells.counts(prefix, { from, to });
  };
  for (let begunMs = performance.now(); ;) {
    const answers: T[] = [];
    for (const fold of folds) {
      answers.push(fold(counts));
      if (performance.now() - begunMs < turnMs) continue;
      await otherRequests();
      begunMs = performance.now();
    }
    const behind = [...read.values()].filter((cells) => cells.wanted.size > 0);
    if (behind.length === 0) return answers;
    await Promise.all(behind.map((cells) => cells.read()));
  }
}

/** The cells of one model, as far as they were read. */
class ModelCells {
  /** By prefix, the months to be read. */
  wanted = new Map<string, CellRange>();
  private readonly held = new Map<
    string,
    { readonly months: CellRange; readonly counts: Map<string, number> }
  >();

  constructor(
    private readonly models: Pick<ReadModels, 'cells'>,
    private readonly model: string,
  ) {}

  counts(prefix: string, { from, to }: CellRange): Counts {
    const held = this.held.get(prefix);
    if (held !== undefined && held.months.from <= from && to <= held.months.to) return held.counts;
    const also = this.wanted.get(prefix) ?? held?.months ?? { from, to };
    this.wanted.set(prefix, {
      from: from < also.from ? from : also.from,
      to: to > also.to ? to : also.to,
    });
    return unread;
  }

  async read(): Promise<void> {
    const wanted = this.wanted;
    this.wanted = new Map();
    for (const [prefix, months] of wanted) this.held.set(prefix, { months, counts: new Map() });
    // Cells of one prefix mostly follow each other, and there may be tens of thousands.
    let [start, counts]: [string, Map<string, number> | undefined] = ['|', undefined];
    for (const [cell, n] of await this.models.cells(this.model, rangesOf(wanted))) {
      if (!cell.startsWith(start)) {
        const first = cell.indexOf('|');
        const end = this.held.has(cell.slice(0, first)) ? first : cell.indexOf('|', first + 1);
        start = cell.slice(0, end + 1);
        counts = this.held.get(cell.slice(0, end))?.counts;
      }
      counts?.set(cell.slice(start.length), n);
    }
  }
}

/** A range for each prefix, or when these are too many, one for all branches of a measure. */
function rangesOf(wanted: ReadonlyMap<string, CellRange>): CellRange[] {
  const byMeasure = new Map<string, CellRange[]>();
  for (const [prefix, { from, to }] of wanted) {
    const measure = prefix.split('|', 1)[0]!;
    const range = { from: `${prefix}|${from}`, to: `${prefix}|${to}~` };
    const known = byMeasure.get(measure);
    if (known) known.push(range);
    else byMeasure.set(measure, [range]);
  }
  const ranges = [...byMeasure.values()].flat();
  if (ranges.length <= cellRangesMax) return ranges;
  return [...byMeasure].flatMap(([measure, of]) =>
    of.length === 1 ? of : [{ from: `${measure}|`, to: `${measure}}` }],
  );
}

/** The sums of a series over branches by month, `from` and `to` included. */
export function monthlySums(
  counts: (prefix: string, from: string, to: string) => Counts,
  series: string,
  branches: readonly string[],
  from: string,
  to: string,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const branch of branches) {
    for (const [month, n] of counts(`${series}|${branch}`, from, to)) {
      if (from <= month && month <= to) sums.set(month, (sums.get(month) ?? 0) + n);
    }
  }
  return sums;
}

export const earliest = (months: readonly string[]) =>
  months.reduce((a, b) => (b < a ? b : a), months[0] ?? '');
export const latest = (months: readonly string[]) => months.reduce((a, b) => (b > a ? b : a), '');

import { modelId, type Checkpoint, type ReadModels } from '@readership/kernel';
import type { CountsOf } from '../calendar/fold-cells.js';
import { costs } from './costs.projection.js';
import { allEntries, currencies, currencyOf, spendings } from './spending.tally.js';

export const costsModel = modelId(costs);
export const spendingsModel = modelId(spendings);

/** The read model that costs are counted from. */
export interface CostsModel {
  readonly id: string;
  /** True when it also counts for the consortium, under `*` as the branch. */
  readonly totals: boolean;
  /** Every currency in which a cost was ever stated, in ascending order. */
  currencies(counts: CountsOf): string[];
}

const withTotals: CostsModel = {
  id: spendingsModel,
  totals: true,
  currencies: (counts) => distinct([...counts(spendingsModel, currencies, '', '').keys()].map(currencyOf)),
};

/**
 * The spendings once they have applied what the costs have. Until then, after an upgrade from a release that had no
 * spendings, the costs, which are read whole to find their currencies.
 */
export async function costsModelAt(
  models: ReadModels,
  checkpoints: ReadonlyMap<string, readonly Checkpoint[]>,
): Promise<CostsModel> {
  const own = checkpoints.get(spendingsModel)!;
  if (checkpoints.get(costsModel)!.every(({ offset }, partition) => own[partition]!.offset >= offset))
    return withTotals;
  const stated = await models.cells(costsModel, [allEntries]);
  const found = distinct([...stated.keys()].map((cell) => cell.slice(1, cell.indexOf('|'))));
  return { id: costsModel, totals: false, currencies: () => found };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';
import { foldedCategory } from './category.js';
import type { Cost } from './cost.decider.js';
import { costs } from './costs.projection.js';

/**
 * The costs that are stated now, as they are listed: by month, branch and category, and the same of one branch, of one
 * category, and of both. `costs` stays as it is, because figures of an older deployment are counted from its rows.
 */
export const costsList: Projection<PublishedEvent<'CostStated'>, Cost> = {
  ...costs,
  name: 'costs-list',
  version: 1,
  // No category contains the character `|`, and no month or branch a slash.
  indexes: {
    all: (row) => [`${row.month}/${row.branch}/${foldedCategory(row.category)}`],
    branch: (row) => [`${row.branch}/${row.month}/${foldedCategory(row.category)}`],
    category: (row) => [`${foldedCategory(row.category)}|${row.month}/${row.branch}`],
    'branch-and-category': (row) => [`${row.branch}/${foldedCategory(row.category)}|${row.month}`],
  },
};

/** What a list of costs is about. Months are included, such as `2024-03`; what is `undefined` does not limit it. */
export interface CostsAsked {
  readonly branch: string | undefined;
  readonly category: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Where the costs stand that a list is about, by month. */
export function rangeOfCosts({ branch, category, from = '', to }: CostsAsked): {
  readonly index: string;
  readonly from: string;
  readonly to: string;
} {
  const ofBranch = branch === undefined ? '' : `${branch}/`;
  const prefix = category === undefined ? ofBranch : `${ofBranch}${foldedCategory(category)}|`;
  const index =
    category === undefined
      ? branch === undefined
        ? 'all'
        : 'branch'
      : branch === undefined
        ? 'category'
        : 'branch-and-category';
  // A colon follows every digit, and 0 follows the slash after a month.
  return { index, from: `${prefix}${from}`, to: to === undefined ? `${prefix}:` : `${prefix}${to}0` };
}

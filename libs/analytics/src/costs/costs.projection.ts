import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';
import type { Cost } from './cost.decider.js';

/** The costs that are stated now: a row for each branch, month and category. */
export const costs: Projection<PublishedEvent<'CostStated'>, Cost> = {
  name: 'costs',
  version: 1,
  on: ['CostStated'],
  key: (event) => event.key,
  apply(_row, { data: { branch, month, category, amount } }) {
    return { branch, month, category, amount };
  },
  indexes: { branch: (row) => [row.branch] },
};

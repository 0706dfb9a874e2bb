import type { Tally } from '@readership/kernel';
import { monthlyCell } from '../calendar/monthly.js';
import type { Cost } from './cost.decider.js';

/** The series of amounts in a currency, in minor units. */
export const amounts = (currency: string): string => currency;

/** The series of the number of costs stated in a currency. A cost of 0 differs from no cost. */
export const entries = (currency: string): string => `#${currency}`;

/** The range of cells of every `entries` series. */
export const allEntries = { from: '#', to: '$' } as const;

/** Amounts spent, by branch, month and currency. */
export const spending: Tally<Cost> = {
  name: 'spending',
  cells: ({ branch, month, amount: { minor, currency } }) =>
    new Map([
      [monthlyCell(amounts(currency), branch, month), minor],
      [monthlyCell(entries(currency), branch, month), 1],
    ]),
};

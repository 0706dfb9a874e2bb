import type { Tally } from '@readership/kernel';
import { monthlyCell } from '../calendar/monthly.js';
import type { Cost } from './cost.decider.js';

/** The series of amounts in a currency, minor units. */
export const amounts = (currency: string): string => currency;

/** The series of how many costs were stated in a currency: a cost of 0 is not the absence of costs. */
export const entries = (currency: string): string => `#${currency}`;

/** Cells of every series of `entries`. */
export const allEntries = { from: '#', to: '$' } as const;

/** What was spent, by branch, month and currency. */
export const spending: Tally<Cost> = {
  name: 'spending',
  cells: ({ branch, month, amount: { minor, currency } }) =>
    new Map([
      [monthlyCell(amounts(currency), branch, month), minor],
      [monthlyCell(entries(currency), branch, month), 1],
    ]),
};

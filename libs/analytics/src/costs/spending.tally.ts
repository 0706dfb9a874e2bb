import type { PublishedEvent } from '@readership/contracts';
import type { EventTally, Tally } from '@readership/kernel';
import { monthlyCell, monthlyCells } from '../calendar/monthly.js';
import type { Cost } from './cost.decider.js';

/** The series of amounts in a currency, in minor units. */
export const amounts = (currency: string): string => currency;

/** The series of the number of costs stated in a currency. A cost of 0 differs from no cost. */
export const entries = (currency: string): string => `#${currency}`;

/** The range of cells of every `entries` series. */
export const allEntries = { from: '#', to: '$' } as const;

/** Costs stated anywhere, by currency: `currencies|<currency>|<month>`. */
export const currencies = 'currencies';

/** The currency of what follows `currencies|` in a cell's name. */
export const currencyOf = (name: string): string => name.slice(0, name.indexOf('|'));

/** Amounts spent, by branch, month and currency. */
export const spending: Tally<Cost> = {
  name: 'spending',
  cells: ({ branch, month, amount: { minor, currency } }) =>
    new Map([
      [monthlyCell(amounts(currency), branch, month), minor],
      [monthlyCell(entries(currency), branch, month), 1],
    ]),
};

/**
 * The same, also for the consortium, and the currencies. It is counted from the facts, by what each replaces: what
 * `spending` counts in an older deployment was counted without them, and costs have no builds.
 */
export const spendings: EventTally<PublishedEvent<'CostStated'>> = {
  name: 'spendings',
  version: 1,
  on: ['CostStated'],
  cells({ data: { branch, month, amount, was } }) {
    const cells = new Map<string, number>();
    const count = ({ minor, currency }: Cost['amount'], sign: 1 | -1) => {
      const add = (cell: string, n: number) => cells.set(cell, (cells.get(cell) ?? 0) + sign * n);
      for (const cell of monthlyCells(amounts(currency), branch, month, true)) add(cell, minor);
      for (const cell of monthlyCells(entries(currency), branch, month, true)) add(cell, 1);
      add(monthlyCell(currencies, currency, month), 1);
    };
    if (was !== undefined) count(was, -1);
    count(amount, 1);
    return cells;
  },
};

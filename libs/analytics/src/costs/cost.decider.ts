import { branchClosed, type FactData } from '@readership/contracts';
import type { Decider } from '@readership/kernel';
import type { CostEvent } from './cost.events.js';

export type Cost = Omit<FactData<'CostStated'>, 'was'>;

/** The stated cost of a branch, month and category; `null` before the first statement. */
export interface CostState {
  readonly amount: Cost['amount'] | null;
  /** As it was first written. */
  readonly category: string | null;
}

export interface StateCost {
  readonly type: 'StateCost';
  readonly cost: Cost;
  /** The last day of the branch, when the month began after that. */
  readonly lastDay?: string;
}

/**
 * One branch, month and category, which is shown as it was first written. A new statement replaces the one before, and
 * its event says what that was. What was stated before the branch closed can still be stated anew.
 */
export const cost: Decider<CostState, StateCost, CostEvent> = {
  category: 'cost',
  initial: { amount: null, category: null },
  decide({ cost: stated, lastDay }, { amount: was, category }) {
    if (was === null || category === null) {
      if (lastDay !== undefined) throw branchClosed(lastDay, '/month');
      return [{ type: 'CostStated', data: stated }];
    }
    if (was.minor === stated.amount.minor && was.currency === stated.amount.currency) return [];
    return [{ type: 'CostStated', data: { ...stated, category, was } }];
  },
  evolve: (_state, { data: { amount, category } }) => ({ amount, category }),
};

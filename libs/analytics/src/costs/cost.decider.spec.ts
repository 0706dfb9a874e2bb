import { given } from '@readership/kernel/testing';
import { cost, type Cost, type StateCost } from './cost.decider.js';

const staff: Cost = {
  branch: 'NORTH',
  month: '2024-03',
  category: 'staff',
  amount: { minor: 5000, currency: 'EUR' },
};
const stating = (minor: number, currency = 'EUR'): StateCost => ({
  type: 'StateCost',
  cost: { ...staff, amount: { minor, currency } },
});

describe('a cost', () => {
  it('is stated for a branch, a month and a category', () =>
    given(cost).when(stating(5000)).then({ type: 'CostStated', data: staff }));

  it('is stated once when it is stated again', () =>
    given(cost, { type: 'CostStated', data: staff }).when(stating(5000)).thenNothing());

  it('is replaced by another amount or currency, and says what it replaces', () => {
    given(cost, { type: 'CostStated', data: staff })
      .when(stating(7000))
      .then({
        type: 'CostStated',
        data: { ...staff, amount: { minor: 7000, currency: 'EUR' }, was: staff.amount },
      });
    given(cost, { type: 'CostStated', data: staff })
      .when(stating(5000, 'CHF'))
      .then({
        type: 'CostStated',
        data: { ...staff, amount: { minor: 5000, currency: 'CHF' }, was: staff.amount },
      });
  });

  it('is the same in another spelling of its category, and shown as it was first written', () => {
    const again = (minor: number): StateCost => ({
      type: 'StateCost',
      cost: { ...staff, category: 'STAFF', amount: { minor, currency: 'EUR' } },
    });
    given(cost, { type: 'CostStated', data: staff }).when(again(5000)).thenNothing();
    given(cost, { type: 'CostStated', data: staff })
      .when(again(7000))
      .then({
        type: 'CostStated',
        data: { ...staff, amount: { minor: 7000, currency: 'EUR' }, was: staff.amount },
      });
  });

  it('is refused for a month after the last day of its branch, but what was stated can be stated anew', () => {
    const late = { ...stating(7000), lastDay: '2024-02-10' };
    given(cost).when(late).thenRefused('BRANCH_CLOSED');
    given(cost, { type: 'CostStated', data: staff })
      .when(late)
      .then({ type: 'CostStated', data: { ...late.cost, was: staff.amount } });
  });
});

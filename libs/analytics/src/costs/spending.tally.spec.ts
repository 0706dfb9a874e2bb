import type { PublishedEvent } from '@readership/contracts';
import { spending, spendings } from './spending.tally.js';

describe('spending', () => {
  it('is counted by branch, month and currency, with how many costs it is made of', () =>
    expect([
      ...spending.cells({
        branch: 'NORTH',
        month: '2024-03',
        category: 'staff',
        amount: { minor: 0, currency: 'EUR' },
      }),
    ]).toEqual([
      ['EUR|NORTH|2024-03', 0],
      ['#EUR|NORTH|2024-03', 1],
    ]));
});

describe('spendings', () => {
  const stated = (minor: number, was?: { readonly minor: number; readonly currency: string }) => {
    const data = {
      branch: 'NORTH',
      month: '2024-03',
      category: 'staff',
      amount: { minor, currency: 'EUR' },
      was,
    };
    return { type: 'CostStated', key: 'cost-a', data } as unknown as PublishedEvent<'CostStated'>;
  };

  it('are counted at the branch and in the consortium, with their currencies', () =>
    expect(Object.fromEntries(spendings.cells(stated(500)))).toEqual({
      ...{ 'EUR|NORTH|2024-03': 500, 'EUR|*|2024-03': 500 },
      ...{ '#EUR|NORTH|2024-03': 1, '#EUR|*|2024-03': 1 },
      'currencies|EUR|2024-03': 1,
    }));

  it('take back what a statement replaces, in its currency', () => {
    const replaced = (currency: string) => spendings.cells(stated(700, { minor: 500, currency }));
    expect(Object.fromEntries([...replaced('EUR')].filter(([, n]) => n !== 0))).toEqual({
      ...{ 'EUR|NORTH|2024-03': 200, 'EUR|*|2024-03': 200 },
    });
    expect(Object.fromEntries(replaced('CHF'))).toMatchObject({
      ...{ 'EUR|*|2024-03': 700, 'CHF|*|2024-03': -500, '#CHF|NORTH|2024-03': -1 },
      ...{ 'currencies|CHF|2024-03': -1, 'currencies|EUR|2024-03': 1 },
    });
  });
});

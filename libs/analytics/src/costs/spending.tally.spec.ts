import { spending } from './spending.tally.js';

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

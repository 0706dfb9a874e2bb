import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { costs } from './costs.projection.js';

const stated = (minor: number, was?: number) =>
  ({
    type: 'CostStated',
    key: 'cost-a',
    data: {
      branch: 'NORTH',
      month: '2024-03',
      category: 'staff',
      amount: { minor, currency: 'EUR' },
      ...(was === undefined ? {} : { was: { minor: was, currency: 'EUR' } }),
    },
  }) as unknown as PublishedEvent<'CostStated'>;

const row = (minor: number) => ({
  branch: 'NORTH',
  month: '2024-03',
  category: 'staff',
  amount: { minor, currency: 'EUR' },
});

describe('the list of costs', () => {
  it('holds what was stated last', () => {
    projected(costs, stated(5000)).thenRow('cost-a', row(5000));
    projected(costs, stated(5000), stated(7000, 5000)).thenRow('cost-a', row(7000));
  });

  it('is the same when the last statement comes twice', () =>
    projected(costs, stated(5000), stated(7000, 5000), stated(7000, 5000)).thenRow('cost-a', row(7000)));
});

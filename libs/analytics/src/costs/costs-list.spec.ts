import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import type { Cost } from './cost.decider.js';
import { costsList, rangeOfCosts, type CostsAsked } from './costs-list.projection.js';

const cost = (branch: string, month: string, category: string): Cost => ({
  ...{ branch, month, category },
  amount: { minor: 1, currency: 'EUR' },
});
const stated = (data: Cost) =>
  ({ type: 'CostStated', key: 'cost-a', data }) as unknown as PublishedEvent<'CostStated'>;

it('lists what was stated last, once however often it is told', () => {
  const first = cost('NORTH', '2024-03', 'staff');
  const last = { ...first, amount: { minor: 2, currency: 'EUR' } };
  projected(costsList, stated(first), stated(last)).thenRow('cost-a', last);
  projected(costsList, stated(first), stated(last), stated(last)).thenRow('cost-a', last);
});

describe('a list of costs', () => {
  const rows = [
    cost('NORTH', '2023-12', 'Staff'),
    cost('NORTH', '2024-01', 'Äther'),
    cost('NORTH', '2024-01', 'staff'),
    cost('NORTH', '2024-02', 'staff'),
    cost('NORTH-2', '2024-01', 'staff'),
    cost('SOUTH', '2024-01', 'staff/2024-01'),
  ];
  const found = (asked: Partial<CostsAsked>) => {
    const { index, from, to } = rangeOfCosts({
      ...{ branch: undefined, category: undefined, from: undefined, to: undefined },
      ...asked,
    });
    return rows
      .flatMap((row) => costsList.indexes![index]!(row).map((value) => ({ value, row })))
      .filter(({ value }) => value >= from && value < to)
      .sort((a, b) => (a.value < b.value ? -1 : 1))
      .map(({ row }) => rows.indexOf(row));
  };

  it.each<[Partial<CostsAsked>, number[]]>([
    [{}, [0, 4, 2, 1, 5, 3]],
    [{ from: '2024-01', to: '2024-01' }, [4, 2, 1, 5]],
    [{ from: '2024-02' }, [3]],
    [{ to: '2023-12' }, [0]],
    [{ branch: 'NORTH' }, [0, 2, 1, 3]],
    [{ branch: 'NORTH', from: '2024-01', to: '2024-01' }, [2, 1]],
    [{ branch: 'NORTH', to: '2024-01' }, [0, 2, 1]],
    [{ category: 'STAFF' }, [0, 2, 4, 3]],
    [{ category: 'a\u0308ther' }, [1]],
    [{ category: 'staff', to: '2024-01' }, [0, 2, 4]],
    [{ branch: 'NORTH', category: 'staff' }, [0, 2, 3]],
    [{ branch: 'NORTH', category: 'staff', from: '2024-01', to: '2024-01' }, [2]],
    [{ branch: 'SOUTH', category: 'staff' }, []],
  ])('of %j has them by month', (asked, wanted) => expect(found(asked)).toEqual(wanted));
});

import type { CellRange, ReadModels } from '@readership/kernel';
import { coverage } from './coverage.js';

const ids = { people: 'people', volumes: 'volumes', costs: 'costs' };

/** Read models with these cells, and the ranges that were read. */
function holding(cells: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  const ranges: string[] = [];
  const models = {
    async cells(model: string, asked: readonly CellRange[]) {
      ranges.push(...asked.map(({ from }) => `${model} ${from}`));
      const within = Object.entries(cells[model] ?? {}).filter(([name]) =>
        asked.some(({ from, to }) => name >= from && name < to),
      );
      return new Map(within.sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
  return { models: models as unknown as ReadModels, ranges };
}

const months = ['2024-01', '2024-02', '2024-03'];

describe('the coverage of costs', () => {
  it('counts branch-months with readers, and those of them with costs', async () => {
    const { models } = holding({
      people: { 'current|A|2023-05': 2, 'current|A|2024-03': -2, 'active|A-B|2024-02': 1 },
      costs: { '#EUR|A|2024-01': 2, '#EUR|A-B|2024-01': 1, '#EUR|A-B|2024-02': 1, '#CHF|A|2024-02': 1 },
    });
    expect(await coverage(models, ids, 'EUR', ['A', 'A-B'], months)).toEqual([
      { with: 1, of: 1 },
      { with: 1, of: 2 },
      { with: 0, of: 1 },
    ]);
  });

  it('counts branch-months with nothing but use', async () => {
    const { models } = holding({
      volumes: { 'visit|A|2024-01': 500, 'wifi|A|2024-03': 1, 'loan|A|2024-02': 0 },
      costs: { '#EUR|A|2024-03': 1 },
    });
    expect(await coverage(models, ids, 'EUR', ['A'], months)).toEqual([
      { with: 0, of: 1 },
      { with: 0, of: 0 },
      { with: 1, of: 1 },
    ]);
  });

  it('reads as many ranges for many branches as for one', async () => {
    const read = async (branches: readonly string[]) => {
      const { models, ranges } = holding({});
      await coverage(models, ids, 'EUR', branches, months);
      return ranges.length;
    };
    const many = Array.from({ length: 300 }, (_, n) => `B${n}`);
    expect(await read(many)).toBe(await read(['B1']));
  });
});

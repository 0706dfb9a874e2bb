import type { CellRange } from '@readership/kernel';
import { foldCells } from '../calendar/fold-cells.js';
import { coverage } from './coverage.js';

const ids = { people: 'people', volumes: 'volumes', costs: 'costs', use: ['any'] };

/** Read models with these cells, and how many ranges of each were read at once. */
function holding(cells: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  const reads: string[] = [];
  const models = {
    async cells(model: string, asked: readonly CellRange[]) {
      reads.push(`${model} ${asked.length}`);
      const within = Object.entries(cells[model] ?? {}).filter(([name]) =>
        asked.some(({ from, to }) => name >= from && name < to),
      );
      return new Map(within);
    },
  };
  return { models, reads };
}

const months = ['2024-01', '2024-02', '2024-03'];

describe('the coverage of costs', () => {
  it('counts branch-months with readers, and those of them with costs', async () => {
    const { models } = holding({
      people: { 'current|A|2023-05': 2, 'current|A|2024-03': -2, 'active|A-B|2024-02': 1 },
      costs: { '#EUR|A|2024-01': 2, '#EUR|A-B|2024-01': 1, '#EUR|A-B|2024-02': 1, '#CHF|A|2024-02': 1 },
    });
    expect(await foldCells(models, (counts) => coverage(counts, ids, 'EUR', ['A', 'A-B'], months))).toEqual([
      { with: 1, of: 1 },
      { with: 1, of: 2 },
      { with: 0, of: 1 },
    ]);
  });

  it('counts branch-months with nothing but use, of one series or of several', async () => {
    const { models } = holding({
      volumes: { 'visit|A|2024-01': 500, 'wifi|A|2024-03': 1, 'loan|A|2024-02': 0 },
      costs: { '#EUR|A|2024-03': 1 },
    });
    const of = { ...ids, use: ['visit', 'loan', 'wifi'] };
    expect(await foldCells(models, (counts) => coverage(counts, of, 'EUR', ['A'], months))).toEqual([
      { with: 0, of: 1 },
      { with: 0, of: 0 },
      { with: 1, of: 1 },
    ]);
  });

  it('reads each model once for many branches, and the readers only of those that were not used', async () => {
    const branches = Array.from({ length: 300 }, (_, n) => `B${n}`);
    const used = (of: readonly string[]) =>
      Object.fromEntries(of.flatMap((branch) => months.map((month) => [`any|${branch}|${month}`, 1])));
    const readsOf = async (volumes: Readonly<Record<string, number>>) => {
      const { models, reads } = holding({ volumes });
      await foldCells(models, (counts) => coverage(counts, ids, 'EUR', branches, months));
      return reads.toSorted();
    };
    expect(await readsOf(used(branches))).toEqual(['costs 300', 'volumes 300']);
    expect(await readsOf(used(branches.slice(1)))).toEqual(['costs 300', 'people 2', 'volumes 300']);
    expect(await readsOf({})).toEqual(['costs 300', 'people 2', 'volumes 300']);
  });
});

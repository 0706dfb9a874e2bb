import { foldCellsInTurn } from './fold-cells.js';

it('folds many answers from one read, and lets others have their turn between them', async () => {
  let [reads, turns] = [0, 0];
  const models = {
    cells: async () => {
      reads++;
      return new Map([['visits|NORTH|2024-03', 7]]);
    },
  };
  const ticking = setInterval(() => turns++, 1);
  const slow = () => {
    for (const end = performance.now() + 60; performance.now() < end;);
  };
  const answers = await foldCellsInTurn(
    models,
    Array.from({ length: 5 }, () => (counts) => {
      slow();
      return counts('volumes', 'visits|NORTH', '2024-03', '2024-03').get('2024-03') ?? 0;
    }),
  );
  clearInterval(ticking);
  expect([answers, reads]).toEqual([[7, 7, 7, 7, 7], 1]);
  expect(turns).toBeGreaterThanOrEqual(5);
});

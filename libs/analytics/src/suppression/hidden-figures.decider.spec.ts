import { figureGroups } from './figure-groups.js';
import { hiddenFigures, nothingHidden, type HiddenByMonth } from './hidden-figures.decider.js';
import type { HiddenFiguresEvent } from './hidden-figures.events.js';

const evolved = (months: HiddenByMonth, events: readonly HiddenFiguresEvent[]) =>
  events.reduce((state, event) => hiddenFigures.evolve(state, event), months);
const hide = (months: HiddenByMonth, month: string, ...scopes: string[]) =>
  hiddenFigures.decide(
    {
      ...{ type: 'HideFigures', month, scopes: { ...nothingHidden.scopes, active: new Set(scopes) } },
      libraries: new Map(scopes.map((scope) => [scope, 'library:CITY'])),
    },
    months,
  );

describe('hidden figures', () => {
  it('of a month without any are recorded once', () => {
    const judged = hide(hiddenFigures.initial, '2024-03');
    expect(judged).toEqual([
      { type: 'FiguresHidden', data: { month: '2024-03', scopes: {}, libraries: {} } },
    ]);
    expect(hide(evolved(hiddenFigures.initial, judged), '2024-03')).toEqual([]);
  });

  it('only become more', () => {
    const first = evolved(hiddenFigures.initial, hide(hiddenFigures.initial, '2024-03', 'branch:A'));
    const more = hide(first, '2024-03', 'branch:B');
    expect(more).toEqual([
      {
        type: 'FiguresHidden',
        data: {
          ...{ month: '2024-03', scopes: { active: ['branch:B'] } },
          libraries: { 'branch:B': 'library:CITY' },
        },
      },
    ]);
    const then = evolved(first, more).get('2024-03')!.scopes;
    expect([...then.active]).toEqual(['branch:A', 'branch:B']);
    expect(figureGroups.filter((group) => then[group].size > 0)).toEqual(['active']);
    expect(evolved(first, more).has('2024-04')).toBe(false);
  });

  it('remember to which library a branch belonged when it was hidden first', () => {
    const first = evolved(hiddenFigures.initial, hide(hiddenFigures.initial, '2024-03', 'branch:A'));
    const moved = hiddenFigures.decide(
      {
        ...{ type: 'HideFigures', month: '2024-03' },
        scopes: { ...nothingHidden.scopes, new: new Set(['branch:A']) },
        libraries: new Map([['branch:A', 'library:TOWN']]),
      },
      first,
    );
    expect([...evolved(first, moved).get('2024-03')!.libraries]).toEqual([['branch:A', 'library:CITY']]);
  });

  it('of many branches are several events, each within its limit', () => {
    const names = Array.from({ length: 2_500 }, (_, n) => `branch:${String(n).padStart(32, '0')}`);
    const events = hide(hiddenFigures.initial, '2024-03', ...names);
    expect(events.map(({ data }) => data.scopes.active!.length)).toEqual([400, 400, 400, 400, 400, 400, 100]);
    for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(64 * 1024);
    expect(evolved(hiddenFigures.initial, events).get('2024-03')!.scopes.active.size).toBe(2_500);
  });
});

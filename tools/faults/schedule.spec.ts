import { historyOf, lanesOf } from './history.js';
import { faultKinds, lengthOf, scheduleOf, targetOf } from './schedule.js';

const options = { minutes: 5, sessionMs: 6_000, partitions: 3 };
const seeds = Array.from({ length: 50 }, (_, seed) => seed);

describe('a seed', () => {
  it('gives the same faults at the same times, and the same history', () => {
    expect(scheduleOf(7, options)).toEqual(scheduleOf(7, options));
    expect(historyOf(7, 500)).toEqual(historyOf(7, 500));
    expect(scheduleOf(8, options)).not.toEqual(scheduleOf(7, options));
    expect(historyOf(8, 500)).not.toEqual(historyOf(7, 500));
  });
});

describe('five minutes of faults', () => {
  it.each(seeds)('bring every kind, and each ends before the run does (seed %i)', (seed) => {
    const { faults, endMs } = scheduleOf(seed, options);
    expect(faultKinds.filter((kind) => !faults.some(({ fault }) => fault.kind === kind))).toEqual([]);
    for (const { atMs, fault } of faults) expect(atMs + lengthOf(fault)).toBeLessThanOrEqual(endMs);
    expect(endMs).toBeLessThan(options.minutes * 60_000);
  });

  it('never harm a process or server twice at once, but several at once', () => {
    let together = 0;
    for (const seed of seeds) {
      const { faults } = scheduleOf(seed, options);
      for (const [at, { atMs, fault }] of faults.entries()) {
        for (const later of faults.slice(at + 1)) {
          if (later.atMs >= atMs + lengthOf(fault)) continue;
          together++;
          expect(targetOf(later.fault)).not.toBe(targetOf(fault));
        }
      }
    }
    expect(together).toBeGreaterThan(seeds.length);
  });
});

describe('a history', () => {
  it('asks for every kind of thing', () => {
    const kinds = new Set(historyOf(1, 500).map((wish) => wish.do));
    expect([...kinds].sort()).toEqual([
      'answer',
      'close',
      'configure',
      'correct',
      'give-card',
      'move',
      'record',
      'register',
      'reopen',
      'state-cost',
      'withdraw',
    ]);
  });

  it('asks for some things twice, and for some without waiting for an answer', () => {
    const records = historyOf(1, 500).flatMap((wish) => (wish.do === 'record' ? [wish] : []));
    const items = records.flatMap((wish) => wish.items.map(({ number }) => number));
    expect(new Set(items).size).toBeLessThan(items.length);
    expect(records.some(({ impatient }) => impatient)).toBe(true);
  });

  it('changes nothing that was asked for impatiently, and nothing before it was asked for', () => {
    const known = new Set<string>();
    for (const wish of historyOf(3, 1_000)) {
      if (wish.do === 'correct' || wish.do === 'withdraw') expect(known).toContain(lanesOf(wish)[0]);
      if (wish.do !== 'record' || wish.impatient) continue;
      for (const { number } of wish.items) known.add(`item ${number}`);
    }
  });
});

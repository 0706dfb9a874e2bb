import { WakeUp, type LoopReport } from '@readership/kernel';
import { eventually } from './eventually.js';
import { joinMarks } from './positions.js';
import { pollingLoop } from './polling-loop.js';

describe('a loop of steps', () => {
  let told: string[];
  const report: LoopReport = {
    began: () => void told.push('began'),
    succeeded: () => void told.push('succeeded'),
    failed: () => void told.push('failed'),
    ended: () => void told.push('ended'),
  };
  beforeEach(() => void (told = []));

  it('steps while there is something, sleeps when there is not, and wakes at a wake-up that came meanwhile', async () => {
    const wakeUp = new WakeUp();
    const stopping = new AbortController();
    const found = [1, 1, 0, 2, 0];
    let steps = 0;
    const loop = pollingLoop(
      async () => {
        const taken = found[steps++] ?? 0;
        // A wake-up during the third step, which finds nothing, must not be missed.
        if (steps === 3) wakeUp.wake();
        return taken;
      },
      wakeUp,
      stopping.signal,
      report,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(steps).toBe(5);
    stopping.abort();
    await loop;
    expect(steps).toBe(5);
    expect(told).toEqual([...Array(5).fill(['began', 'succeeded']).flat(), 'ended']);
  });

  it('tries again after an error, and ends at once when it is told to', async () => {
    const wakeUp = new WakeUp();
    const stopping = new AbortController();
    const loop = pollingLoop(() => Promise.reject(new Error('no')), wakeUp, stopping.signal, report);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const failures = told.filter((what) => what === 'failed');
    expect(failures.length).toBeGreaterThanOrEqual(2);
    expect(failures.length).toBeLessThanOrEqual(3);
    stopping.abort();
    await loop;
  });
});

describe('eventually', () => {
  it('gives what is found within the time', async () => {
    let looks = 0;
    expect(await eventually(async () => (++looks === 4 ? 'there' : null))).toBe('there');
  });

  it('gives null when the time is over', async () => {
    const start = performance.now();
    expect(await eventually(async () => null, 60)).toBeNull();
    expect(performance.now() - start).toBeLessThan(500);
  });
});

it('marks of several writes join to the furthest of each partition', () =>
  expect(
    joinMarks(
      { 0: { taken: 5, published: 5 } },
      {},
      { 0: { taken: 9, published: 0 }, 2: { taken: 1, published: 1 } },
    ),
  ).toEqual({ 0: { taken: 9, published: 5 }, 2: { taken: 1, published: 1 } }));

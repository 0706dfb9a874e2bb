import { WakeUp } from './wake-up.js';

describe('a wake-up', () => {
  it('wakes everybody who waits', async () => {
    const wakeUp = new WakeUp();
    const woken = Promise.all([wakeUp.after(0), wakeUp.after(0), wakeUp.after(0)]);
    expect(wakeUp.waiters).toBe(3);
    wakeUp.wake();
    await woken;
    expect(wakeUp.waiters).toBe(0);
  });

  it('is not missed by who worked meanwhile', async () => {
    const wakeUp = new WakeUp();
    const seen = wakeUp.count;
    wakeUp.wake();
    await wakeUp.after(seen);
    const { signal } = new AbortController();
    expect(await wakeUp.wait(signal, 60_000)).toBe(true);
    wakeUp.wake();
    expect(await wakeUp.wait(signal, 60_000)).toBe(true);
    expect(await wakeUp.wait(signal, 1)).toBe(false);
  });

  it.each([
    ['its time is over', (wakeUp: WakeUp) => wakeUp.after(0, undefined, 1)],
    ['its signal is aborted', (wakeUp: WakeUp) => wakeUp.after(0, AbortSignal.timeout(1))],
  ])('keeps no waiter any longer once %s', async (_, wait) => {
    const wakeUp = new WakeUp();
    expect(await wait(wakeUp)).toBe(false);
    expect(wakeUp.waiters).toBe(0);
  });
});

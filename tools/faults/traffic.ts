import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.js';
import { lanesOf, type Wish } from './history.js';

/** Wishes that may wait for their turn or an answer at once: with more, clients hold back. */
const underwayMax = 500;

/**
 * Asks the wishes of a history at a steady rate, those of a lane one after the other. Resolves, when all were asked, to
 * those of which nobody knows what became, in their order; what comes after such a one in its lanes was not asked, and is
 * among them.
 */
export async function ask(
  client: Client,
  history: readonly Wish[],
  perSecond: number,
): Promise<readonly Wish[]> {
  const lanes = new Map<string, Promise<boolean>>();
  const unknown = new Set<number>();
  const underway = new Set<Promise<unknown>>();
  const begun = performance.now();
  for (const [at, wish] of history.entries()) {
    const dueMs = (at * 1000) / perSecond - (performance.now() - begun);
    if (dueMs > 0) await pause(dueMs);
    while (underway.size >= underwayMax) await Promise.race(underway);
    const names = lanesOf(wish);
    const before = Promise.all(names.map((name) => lanes.get(name) ?? true));
    const asked = before.then(async (clear) => {
      const told = clear.every(Boolean) && (await client.ask(wish));
      if (!told) unknown.add(at);
      return told;
    });
    for (const name of names) lanes.set(name, asked);
    underway.add(asked);
    const done = (): void => void underway.delete(asked);
    asked.then(done, done);
  }
  await Promise.all(underway);
  return history.filter((_, at) => unknown.has(at));
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.js';
import { lanesOf, type Wish } from './history.js';

/**
 * The most wishes that may wait for their turn or an answer. With more, clients pause. It is fewer than the gateway
 * permits of one address, so that one outage does not become a storm of refused requests.
 */
const underwayMax = 80;

/**
 * Sends the wishes of a history at a steady rate, those of a lane one after the other. When all were sent, resolves to
 * those without a known outcome, in order. Wishes that follow such a wish in its lanes were not sent, and are included.
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

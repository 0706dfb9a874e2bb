import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `look` repeatedly, with growing pauses, until it resolves to something other than `null`. Resolves to that, or
 * to `null` when the time is over.
 */
export async function eventually<T>(look: () => Promise<T | null>, withinMs = 2000): Promise<T | null> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const found = await look();
    if (found !== null) return found;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return null;
    await pause(Math.min(pauseMs, leftMs));
  }
}

/** Resolves to those of the given ids that are unknown. */
export type UnknownOf = (ids: Iterable<string>) => Promise<ReadonlySet<string>>;

/**
 * The same question for the course of one request. The first time that an id is unknown, it waits up to two seconds for
 * it to appear; later calls do not wait.
 */
export function waitingOnce(unknownOf: UnknownOf): UnknownOf {
  let hasWaited = false;
  return async (ids) => {
    let unknown = await unknownOf(ids);
    if (unknown.size > 0 && !hasWaited) {
      hasWaited = true;
      await eventually(async () => {
        unknown = await unknownOf(unknown);
        return unknown.size === 0 ? true : null;
      });
    }
    return unknown;
  };
}

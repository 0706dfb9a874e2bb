import { setTimeout as pause } from 'node:timers/promises';

/** Looks again and again, with growing pauses, until there is something or the time is over: then `null`. */
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

/** Says which of some ids are unknown. */
export type UnknownOf = (ids: Iterable<string>) => Promise<ReadonlySet<string>>;

/**
 * The same question for one request: the first time that something is unknown it is waited for, up to two seconds, and
 * later times are answered at once.
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

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

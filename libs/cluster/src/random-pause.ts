/** A random pause of at most `maxMs`, so that processes that collided do not collide again. */
export function randomPause(maxMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * maxMs));
}

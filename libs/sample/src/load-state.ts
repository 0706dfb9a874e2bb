import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { monthBefore } from './calendar.js';
import type { LoadState } from './load.js';

const seed = 20_240_401;

/**
 * How far a load came that keeps its state in this file; a new load ends with the month before `now`. Throws an `Error` of
 * one line when the file is something else, which the load would overwrite.
 */
export function readLoadState(file: string, now: Date): LoadState {
  if (!existsSync(file)) return { seed, lastMonth: monthBefore(now), done: 0, complete: false };
  try {
    const state: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isLoadState(state)) return state;
  } catch {
    // Told below.
  }
  throw new Error(
    `${file} does not contain the progress of the sample: move it away, or restore the original file.`,
  );
}

function isLoadState(state: unknown): state is LoadState {
  const { seed, lastMonth, done, complete } = (state ?? {}) as Partial<Record<keyof LoadState, unknown>>;
  return (
    Number.isSafeInteger(seed) &&
    typeof lastMonth === 'string' &&
    /^\d{4}-\d{2}$/.test(lastMonth) &&
    Number.isSafeInteger(done) &&
    typeof complete === 'boolean'
  );
}

/** Replaces the file as a whole, so that a kill leaves the old state or the new one. */
export async function saveLoadState(file: string, state: LoadState): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(JSON.stringify(state));
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
}

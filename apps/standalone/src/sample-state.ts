import { monthBefore, type LoadState } from '@readership/sample';
import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

const seed = 20_240_401;

/** How far the sample's load came in this folder; a new load ends with the month before `now`. */
export function readSampleState(folder: string, now: Date): LoadState {
  const file = join(folder, 'sample.json');
  if (!existsSync(file)) return { seed, lastMonth: monthBefore(now), done: 0, complete: false };
  return JSON.parse(readFileSync(file, 'utf8')) as LoadState;
}

/** Replaces the file as a whole, so that a kill leaves the old state or the new one. */
export async function saveSampleState(folder: string, state: LoadState): Promise<void> {
  const file = join(folder, 'sample.json');
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(JSON.stringify(state));
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
}

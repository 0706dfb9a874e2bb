import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

/** What Readership writes into its data folder; `--reset` touches nothing else. */
const ours = /^(.*\.db(-wal|-shm)?|keys\.json|sample\.json|.*\.lock)$/;

/** Makes the folder and checks that it can be written; throws an `Error` of one line. */
export function openFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw new Error(`The data folder ${folder} cannot be written: choose another with --data DIR.`);
  }
}

/** Deletes the databases and keys of a folder, after asking; false when the user says no. */
export async function resetFolder(folder: string, yes: boolean): Promise<boolean> {
  if (!existsSync(folder)) return true;
  const files = readdirSync(folder).filter((name) => ours.test(name));
  if (files.length === 0) return true;
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new Error('--reset deletes all data; without a terminal to ask, add --yes.');
    const prompt = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await prompt.question(`Delete all data and keys in ${folder}? Type yes to go on: `);
    prompt.close();
    if (answer.trim().toLowerCase() !== 'yes') return false;
  }
  for (const name of files) rmSync(join(folder, name));
  return true;
}

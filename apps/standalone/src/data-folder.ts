import { contextNames } from '@readership/contracts';
import { accessName, databaseFiles, logName } from '@readership/embedded';
import { lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

/**
 * The files that Readership writes into its data folder, in the order in which a reset deletes them. Nothing else is
 * ever deleted. If the reset is interrupted, the next start either refuses, because the log is newer than a context, or
 * finds the keys of whatever is left. The lock file stays: it is held, and another process could hold a new file of its
 * name.
 */
export const ownFiles: readonly string[] = [
  'sample.json',
  'sample.json.new',
  ...contextNames.flatMap(databaseFiles),
  ...databaseFiles(accessName),
  ...databaseFiles(logName),
  'format.new',
  'format',
  'keys.json.new',
  'keys.json',
];

/** Throws an `Error` of one line when a reset needs confirmation and there is no terminal to ask on. */
export function expectAnswer(folder: string, yes: boolean): void {
  if (yes || process.stdin.isTTY || found(folder).length === 0) return;
  throw new Error('--reset deletes all data. There is no terminal to ask for confirmation: add --yes.');
}

/**
 * Deletes the databases and keys of a folder that this process holds, after asking. Resolves to false when the user
 * says no. Throws an `Error` of one line: before anything is deleted when one of our names is not a file, else naming
 * what could not be deleted.
 */
export async function resetFolder(folder: string, yes: boolean): Promise<boolean> {
  const files = found(folder);
  if (files.length === 0) return true;
  for (const file of files) {
    if (!lstatSync(file).isFile())
      throw new Error(`${file} is not a file that Readership made: move it away. Nothing was deleted.`);
  }
  if (!yes) {
    const prompt = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await prompt.question(`Delete all data and keys in ${folder}? Type yes to go on: `);
    prompt.close();
    if (answer.trim().toLowerCase() !== 'yes') return false;
  }
  for (const file of files) {
    try {
      unlinkSync(file);
    } catch (error) {
      throw new Error(
        `${file} could not be deleted (${(error as NodeJS.ErrnoException).code}): check its owner and mode, and run --reset again.`,
        { cause: error },
      );
    }
  }
  return true;
}

function found(folder: string): readonly string[] {
  return ownFiles
    .map((name) => join(folder, name))
    .filter((file) => lstatSync(file, { throwIfNoEntry: false }) !== undefined);
}

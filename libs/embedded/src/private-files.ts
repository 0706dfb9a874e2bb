import { chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const folderMode = 0o700;
const fileMode = 0o600;
const others = 0o077;

/** Makes a folder, and those above it that are missing, each for its owner alone whatever the umask is. */
export function makePrivateFolder(folder: string): void {
  if (existsSync(folder)) return;
  // Not Node's recursive call, which tries for ever in a file system such as /proc.
  if (!existsSync(dirname(folder))) makePrivateFolder(dirname(folder));
  mkdirSync(folder, { mode: folderMode });
  chmodSync(folder, folderMode);
}

/**
 * Makes an empty file for its owner alone, whatever the umask is, or takes the rights of everybody else from one that
 * is there. Never opens a file that is there: closing it again would drop the locks that SQLite holds on it.
 */
export function makePrivateFile(path: string): void {
  try {
    const file = openSync(path, 'wx', fileMode);
    fchmodSync(file, fileMode);
    closeSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    closeToOthers(path, fileMode);
  }
}

/** Takes the rights of everybody but the owner from a file, if it is there. */
export function closeFile(path: string): void {
  try {
    closeToOthers(path, fileMode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

export function closeFolder(path: string): void {
  closeToOthers(path, folderMode);
}

export function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & others) !== 0;
}

function closeToOthers(path: string, mode: number): void {
  if (isOpenToOthers(path)) chmodSync(path, mode);
}

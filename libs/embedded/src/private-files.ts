import { chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const folderMode = 0o700;
const fileMode = 0o600;
const others = 0o077;

/** Makes a folder, and missing folders above it, with access for its owner alone, whatever the umask is. */
export function makePrivateFolder(folder: string): void {
  if (existsSync(folder)) return;
  // Does not use Node's recursive call, which never ends in a file system such as /proc.
  if (!existsSync(dirname(folder))) makePrivateFolder(dirname(folder));
  mkdirSync(folder, { mode: folderMode });
  chmodSync(folder, folderMode);
}

/**
 * Makes an empty file with access for its owner alone, whatever the umask is, or removes the access of others from an
 * existing file. Never opens an existing file, because closing it would release the locks that SQLite holds on it.
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

/** Removes the access of everybody but the owner from a file, if it exists. */
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

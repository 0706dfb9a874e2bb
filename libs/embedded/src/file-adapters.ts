import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Adapters, ContextStore, StoreKeys } from '@readership/kernel';
import { prepareDataFolder } from './data-folder.js';
import { EmbeddedAdapters, logName, type Connection, type EmbeddedOptions } from './embedded-adapters.js';
import { isBusy, openDriver, type SqlDriver } from './sql-driver.js';
import { ThreadWriter } from './thread-writer.js';
import { DirectWriter } from './writer.js';

export interface FileOptions extends EmbeddedOptions, StoreKeys {
  /** Made when it does not exist. */
  readonly folder: string;
  /** All that have a database there. */
  readonly contexts: readonly ContextStore[];
}

/** The data folder cannot be used; the message is one line that says why. */
export class FolderUnusable extends Error {
  override readonly name = 'FolderUnusable';
}

/**
 * The four ports in a folder: one database file per context and one for the log, each with a writer thread.
 * Rejects with `FolderUnusable` when it cannot be written, or another process has it open, and with `StoreRefused` as
 * `prepareDataFolder` does.
 */
export async function fileAdapters(options: FileOptions): Promise<Adapters> {
  const folder = resolve(options.folder);
  try {
    makeFolder(folder);
  } catch (error) {
    throw unusable(folder, error);
  }
  const lock = lockFolder(folder);
  try {
    await prepareDataFolder(folder, { partitions: 1, ...options });
    const prepared = new Set([logName, ...options.contexts.map(({ name }) => name)]);
    const adapters = new EmbeddedAdapters((name) => {
      if (!prepared.has(name)) throw new RangeError(`the folder was not opened for ${name}`);
      return connect(join(folder, `${name}.db`));
    }, options);
    const close = adapters.close.bind(adapters);
    // Two writers do each other no harm, so the next process need not wait for the last call under way here.
    adapters.close = () => {
      lock.close();
      return close();
    };
    return adapters;
  } catch (error) {
    lock.close();
    throw isAccess(error) ? unusable(folder, error) : error;
  }
}

/** Not Node's recursive one, which tries for ever in a file system such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Held until closed or the process ends, however it ends. */
function lockFolder(folder: string): SqlDriver {
  let lock: SqlDriver | undefined;
  try {
    lock = openDriver(join(folder, 'lock'), { busyTimeoutMs: 0, lock: true });
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw new FolderUnusable(`Another process has the data folder ${folder} open.`);
    throw unusable(folder, error);
  }
}

/** The sources of this package run without being compiled in its own tests: a thread cannot. */
function connect(path: string): Connection {
  const driver = openDriver(path);
  const compiled = import.meta.url.endsWith('.js');
  return { driver, writer: compiled ? new ThreadWriter(path) : new DirectWriter(openDriver(path)) };
}

function isAccess(error: unknown): boolean {
  return /unable to open|readonly|read-only|disk I\/O/i.test(String((error as Error).message));
}

function unusable(folder: string, error: unknown): FolderUnusable {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code?.startsWith('E') && !code.includes('SQLITE') ? code : message;
  return new FolderUnusable(`The data folder ${folder} cannot be written: ${why}.`, { cause: error });
}

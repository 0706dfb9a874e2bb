import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Adapters, ContextStore, StoreKeys } from '@readership/kernel';
import {
  accessName,
  EmbeddedAdapters,
  logName,
  type Connection,
  type EmbeddedOptions,
} from './embedded-adapters.js';
import { prepareStores } from './prepare-stores.js';
import {
  closeFile,
  closeFolder,
  isOpenToOthers,
  makePrivateFile,
  makePrivateFolder,
} from './private-files.js';
import { DatabaseUnusable, isBusy, openDriver, type SqlDriver } from './sql-driver.js';
import { ThreadWriter } from './thread-writer.js';
import { DirectWriter } from './writer.js';

/** The data folder cannot be used. The message is one line that names the folder and says what to do. */
export class FolderUnusable extends Error {
  override readonly name = 'FolderUnusable';
}

export interface FolderAdaptersOptions extends EmbeddedOptions, StoreKeys {
  /** All contexts that have a database in the folder. */
  readonly contexts: readonly ContextStore[];
  /** Called when a writer thread has ended unexpectedly. Nothing can be written until the next start. */
  readonly onWriterLost?: (error: Error) => void;
}

const lockName = 'lock';
const sticky = 0o1000;

/** The files of a database in its folder, the database itself first. */
export function databaseFiles(name: string): readonly string[] {
  return ['', '-wal', '-shm', '-journal'].map((ending) => `${name}.db${ending}`);
}

/**
 * A data folder that this process holds. No other process can hold it until it is closed here or this process has ended
 * in any way. Only the folder's owner can enter it, and read or write the files that are made in it.
 *
 * @example
 * const folder = DataFolder.open('/srv/readership');
 * const adapters = folder.adapters({ masterKey, cardKey, contexts: [{ name: 'feedback' }] });
 * await adapters.close();
 * folder.close();
 */
export class DataFolder {
  private constructor(
    readonly path: string,
    private readonly lock: SqlDriver,
  ) {}

  /**
   * Makes the folder when it does not exist, denies others access to it and to these files in it, and takes its lock.
   * Throws `FolderUnusable` when that fails or another process holds the folder; nothing else is changed then.
   */
  static open(folder: string, files: readonly string[] = []): DataFolder {
    const path = resolve(folder);
    try {
      makePrivateFolder(path);
      // Fails when the path exists and is no folder.
      readdirSync(path);
      accessSync(path, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new FolderUnusable(
        `The data folder ${path} cannot be written (${codeOf(error)}): choose another with --data DIR.`,
        { cause: error },
      );
    }
    closeDataFolder(path, files);
    return new DataFolder(path, lockIn(path));
  }

  /**
   * The ports over one database file per context and one for the log, each with a writer thread. Rejects when a
   * database cannot be used, or was made with other keys (`StoreRefused`). It leaves no connection and no thread then.
   */
  async adapters(options: FolderAdaptersOptions): Promise<Adapters> {
    await prepareStores(this.path, { partitions: 1, ...options });
    const prepared = new Set([logName, accessName, ...options.contexts.map(({ name }) => name)]);
    const opened: Connection[] = [];
    const closeAll = async (): Promise<void> => {
      for (const { driver, writer } of opened) {
        await writer.close();
        driver.close();
      }
    };
    try {
      const adapters = new EmbeddedAdapters((name) => {
        if (!prepared.has(name)) throw new RangeError(`the folder was not opened for ${name}`);
        const connection = this.connect(name, options.onWriterLost);
        opened.push(connection);
        return connection;
      }, options);
      const close = adapters.close.bind(adapters);
      adapters.close = async () => {
        await close();
        // A database whose tables could not be made is not in the list of open ones yet.
        await closeAll();
      };
      return adapters;
    } catch (error) {
      await closeAll();
      throw error;
    }
  }

  /** Releases the folder for others. Close its adapters first. */
  close(): void {
    this.lock.close();
  }

  private connect(name: string, onWriterLost?: (error: Error) => void): Connection {
    const path = join(this.path, `${name}.db`);
    try {
      // SQLite gives the files beside a database the permissions of the database.
      makePrivateFile(path);
      for (const file of databaseFiles(name)) closeFile(join(this.path, file));
    } catch (error) {
      throw new FolderUnusable(notClosed(path, error), { cause: error });
    }
    const driver = openDriver(path);
    // In this package's own tests the sources run without being compiled, which a thread cannot do.
    const compiled = import.meta.url.endsWith('.js');
    // The access database is written too seldom for a thread of its own.
    const inThread = compiled && name !== accessName;
    return {
      driver,
      writer: inThread ? new ThreadWriter(path, undefined, onWriterLost) : new DirectWriter(openDriver(path)),
    };
  }
}

function closeDataFolder(path: string, files: readonly string[]): void {
  const ours = [lockName, ...files];
  if (isOpenToOthers(path)) closeOwnFolder(path, ours);
  for (const file of ours.map((name) => join(path, name))) {
    try {
      closeFile(file);
    } catch (error) {
      throw new FolderUnusable(notClosed(file, error), { cause: error });
    }
  }
}

/** Denies others access to the folder, but not when it holds files of others: that would harm them. */
function closeOwnFolder(path: string, ours: readonly string[]): void {
  const names = readdirSync(path);
  const known = names.length === 0 || names.some((name) => ours.includes(name));
  if (!known || (statSync(path).mode & sticky) !== 0) {
    throw new FolderUnusable(
      `The folder ${path} is accessible to other users and holds files that are not Readership's: choose a separate folder with --data DIR, or run chmod 700 on it.`,
    );
  }
  try {
    closeFolder(path);
  } catch (error) {
    throw new FolderUnusable(notClosed(path, error), { cause: error });
  }
}

function lockIn(folder: string): SqlDriver {
  const path = join(folder, lockName);
  try {
    makePrivateFile(path);
    return openDriver(path, { busyTimeoutMs: 0, lock: true });
  } catch (error) {
    if (isBusy(error))
      throw new FolderUnusable(
        `Another process has the data folder ${folder} open. Stop it, or choose another folder with --data DIR.`,
      );
    const why = error instanceof DatabaseUnusable ? String((error.cause as Error).message) : codeOf(error);
    throw new FolderUnusable(
      existsSync(path)
        ? `${path} cannot be used as the lock of the folder (${why}): give it to the user who starts Readership, or remove it.`
        : `The data folder ${folder} cannot be written (${why}): choose another with --data DIR.`,
      { cause: error },
    );
  }
}

function notClosed(path: string, error: unknown): string {
  return `${path} cannot be kept from other users (${codeOf(error)}): give it to the user who starts Readership.`;
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code?.startsWith('E') && !code.startsWith('ERR_') ? code : message;
}

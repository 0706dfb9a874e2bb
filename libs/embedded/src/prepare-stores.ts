import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodePart,
  fingerprintsOf,
  keyNames,
  newFingerprints,
  StoreRefused,
  UnreadableEvents,
  type ContextStore,
  type Fingerprints,
  type KeyedStore,
  type Stored,
  type StoreKeys,
} from '@readership/kernel';
import { DataKeys } from './data-keys.js';
import { logName } from './embedded-adapters.js';
import { CommitRows } from './commit-packs.js';
import { readRow } from './event-rows.js';
import { closeFile, makePrivateFile } from './private-files.js';
import { migrate } from './schema.js';
import { openDriver, type SqlDriver } from './sql-driver.js';

/** Version of the set of files in a data folder and their purpose. A folder without the file has format 1. */
const folderFormat = 1;
const formatFile = 'format';

export interface FolderContent extends StoreKeys {
  readonly partitions: number;
  readonly contexts: readonly ContextStore[];
}

/** The database files that a folder already holds. */
export function databasesIn(folder: string, contexts: readonly ContextStore[]): readonly string[] {
  const files = [logName, ...contexts.map(({ name }) => name)].map((name) => `${name}.db`);
  return files.filter((file) => existsSync(join(folder, file)));
}

/**
 * Creates or migrates the databases of a data folder and stores the fingerprints of the keys in each. Throws
 * `StoreRefused`, and has changed nothing then, when a key is not the one that a database was made with, when a
 * database or the folder has a format that this release does not know, or when a database of the folder is gone.
 */
export async function prepareStores(folder: string, content: FolderContent): Promise<void> {
  checkFormat(folder);
  const fileOf = (name: string): string => join(folder, `${name}.db`);
  const names = [logName, ...content.contexts.map(({ name }) => name)];
  const there = names.filter((name) => existsSync(fileOf(name)));
  const lost = names.find((name) => !there.includes(name));
  // The format is written last: every database was made by then.
  if (lost !== undefined && existsSync(join(folder, formatFile))) {
    throw new StoreRefused(
      `${fileOf(lost)} is missing, and the data folder was used before: put back the whole folder from a backup, or start anew with --reset.`,
    );
  }
  const open = new Map<string, SqlDriver>();
  try {
    for (const name of there) open.set(name, opened(fileOf(name), content.partitions, kindOf(name)));
    const stores = content.contexts.flatMap((context) => {
      const driver = open.get(context.name);
      return driver ? [new SqliteKeyedStore(fileOf(context.name), driver, context, content.masterKey)] : [];
    });
    const log = open.get(logName);
    const written = await newFingerprints(content, stores, {
      name: fileOf(logName),
      fingerprints: async () => (log ? fingerprintsIn(log) : {}),
    });
    for (const [{ driver }, fingerprints] of written.stores) write(driver, fingerprints);
    if (log) write(log, written.shared);
    for (const driver of open.values()) driver.exec('COMMIT');
    for (const name of names.filter((each) => !there.includes(each))) {
      makePrivateFile(fileOf(name));
      const driver = opened(fileOf(name), content.partitions, kindOf(name));
      open.set(name, driver);
      write(driver, name === logName ? written.shared : fingerprintsOf(content));
      driver.exec('COMMIT');
    }
  } finally {
    for (const driver of open.values()) abandon(driver);
  }
  writeFormat(folder);
}

const kindOf = (name: string) => (name === logName ? 'log' : 'context');

/** Opens a database, begins a transaction and creates or migrates its tables. */
function opened(file: string, partitions: number, kind: 'log' | 'context'): SqlDriver {
  let driver: SqlDriver | undefined;
  try {
    driver = openDriver(file);
    driver.exec('BEGIN IMMEDIATE');
    migrate(driver, kind, partitions, file);
    return driver;
  } catch (error) {
    if (driver) abandon(driver);
    throw error;
  }
}

/** Rolls back and closes. Closing alone may leave a transaction open while a statement lives. */
function abandon(driver: SqlDriver): void {
  try {
    driver.exec('ROLLBACK');
  } catch {
    // The transaction was committed or never begun.
  }
  driver.close();
}

function fingerprintsIn(driver: SqlDriver): Fingerprints {
  const rows = driver.prepare('SELECT name, value FROM settings WHERE name IN (?, ?)').all([...keyNames]);
  return Object.fromEntries(rows) as Fingerprints;
}

function write(driver: SqlDriver, fingerprints: Fingerprints): void {
  for (const [key, fingerprint] of Object.entries(fingerprints))
    driver.prepare('INSERT INTO settings VALUES (?, ?)').run([key, fingerprint]);
}

class SqliteKeyedStore implements KeyedStore {
  readonly provesCardKey: KeyedStore['provesCardKey'];

  constructor(
    readonly name: string,
    readonly driver: SqlDriver,
    { provesCardKey }: ContextStore,
    private readonly masterKey: Buffer,
  ) {
    this.provesCardKey = provesCardKey;
  }

  async fingerprints(): Promise<Fingerprints> {
    return fingerprintsIn(this.driver);
  }

  async dataKeys(limit: number): ReturnType<KeyedStore['dataKeys']> {
    const rows = this.driver.prepare('SELECT subject, wrapped FROM keys LIMIT ?').all([limit]);
    return rows.map(([subject, wrapped]) => ({
      subject: subject as string,
      wrapped: wrapped as Uint8Array,
    }));
  }

  async *events(): AsyncIterable<Stored> {
    const keys = new DataKeys(this.driver, this.masterKey);
    const opening = { keyOf: (subject: string) => keys.toOpen(subject), unreadable: new UnreadableEvents() };
    for (const row of new CommitRows(this.driver).all()) {
      const events: Stored[] = [];
      decodePart(...readRow(row), opening, events);
      yield* events;
    }
  }
}

function checkFormat(folder: string): void {
  const file = join(folder, formatFile);
  if (!existsSync(file)) return;
  const format = readFileSync(file, 'utf8').trim();
  if (format === String(folderFormat)) return;
  const named = /^\d{1,9}$/.test(format) ? `format ${format}` : 'an unknown format';
  throw new StoreRefused(
    `The data folder ${folder} has ${named}, and this release knows ${folderFormat}: start the release that wrote it.`,
  );
}

/** Writes the whole file or nothing. */
function writeFormat(folder: string): void {
  const file = join(folder, formatFile);
  if (existsSync(file)) return closeFile(file);
  makePrivateFile(`${file}.new`);
  const handle = openSync(`${file}.new`, 'w');
  writeSync(handle, `${folderFormat}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}

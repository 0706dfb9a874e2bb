import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodePart,
  fingerprintsOf,
  keyNames,
  madeWithAnother,
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
import { accessName, logName } from './embedded-adapters.js';
import { CommitRows } from './commit-packs.js';
import { readRow } from './event-rows.js';
import { closeFile, makePrivateFile } from './private-files.js';
import { migrate, type DatabaseKind } from './schema.js';
import { openDriver, type SqlDriver } from './sql-driver.js';

/**
 * Version of the set of files in a data folder and their purpose. A folder without the file has format 1. Format 2 has
 * the access database.
 */
const folderFormat = 2;
const formatFile = 'format';

export interface FolderContent extends StoreKeys {
  readonly partitions: number;
  readonly contexts: readonly ContextStore[];
}

/** The database files that a folder already holds. */
export function databasesIn(folder: string, contexts: readonly ContextStore[]): readonly string[] {
  const files = namesOf(contexts).map((name) => `${name}.db`);
  return files.filter((file) => existsSync(join(folder, file)));
}

/**
 * Creates or migrates the databases of a data folder and stores the fingerprints of the keys in each. Throws
 * `StoreRefused`, and has changed nothing then, when a key is not the one that a database was made with, when a
 * database or the folder has a format that this release does not know, or when a database of the folder is gone.
 */
export async function prepareStores(folder: string, content: FolderContent): Promise<void> {
  const format = formatOf(folder);
  // The format is written last: every database of that format was made by then.
  const wasMade = (name: string): boolean => format !== null && (name !== accessName || format > 1);
  const fileOf = (name: string): string => join(folder, `${name}.db`);
  const names = namesOf(content.contexts);
  const there = names.filter((name) => existsSync(fileOf(name)));
  const lost = names.find((name) => !there.includes(name) && wasMade(name));
  if (lost !== undefined) {
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
    const access = open.get(accessName);
    if (access) mustBeOfThese(access, content, fileOf(accessName));
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

const kindOf = (name: string): DatabaseKind =>
  name === logName ? 'log' : name === accessName ? 'access' : 'context';

/** Opens a database, begins a transaction and creates or migrates its tables. */
function opened(file: string, partitions: number, kind: DatabaseKind): SqlDriver {
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

/** Throws `StoreRefused` when an access database has records of other keys, or is not one that was made for a folder. */
function mustBeOfThese(driver: SqlDriver, keys: StoreKeys, file: string): void {
  const stored = fingerprintsIn(driver);
  const own = fingerprintsOf(keys);
  for (const key of keyNames) {
    if (stored[key] === undefined) {
      throw new StoreRefused(
        `${file} is empty or was not made here, and nobody's credential would be known: put back the whole folder from a backup.`,
      );
    }
    if (stored[key] === own[key]) continue;
    if (driver.prepare('SELECT 1 FROM records LIMIT 1').get([])) throw madeWithAnother(file, key);
    // Nothing was made with the keys of then. Whether they are those of the folder, its other databases say.
    driver.prepare('UPDATE settings SET value = ? WHERE name = ?').run([own[key], key]);
  }
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

/** The format that is stored in a folder; `null` when none is. Throws `StoreRefused` when it is not known. */
function formatOf(folder: string): number | null {
  const file = join(folder, formatFile);
  if (!existsSync(file)) return null;
  const format = readFileSync(file, 'utf8').trim();
  if (/^[1-9]\d{0,8}$/.test(format) && Number(format) <= folderFormat) return Number(format);
  const named = /^\d{1,9}$/.test(format) ? `format ${format}` : 'an unknown format';
  throw new StoreRefused(
    `The data folder ${folder} has ${named}, and this release knows formats up to ${folderFormat}: start the release that wrote it.`,
  );
}

/** The names of the databases of a folder. */
function namesOf(contexts: readonly ContextStore[]): readonly string[] {
  return [logName, accessName, ...contexts.map(({ name }) => name)];
}

/** Writes the whole file or nothing. */
function writeFormat(folder: string): void {
  const file = join(folder, formatFile);
  if (formatOf(folder) === folderFormat) return closeFile(file);
  makePrivateFile(`${file}.new`);
  const handle = openSync(`${file}.new`, 'w');
  writeSync(handle, `${folderFormat}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}

import { StoreRefused, Unavailable } from '@readership/kernel';
import { PageWriter, packed, partitionSpan } from './log-pages.js';
import { openDriver, type SqlDriver, type SqlRow } from './sql-driver.js';

/** One row per commit and partition. Its insert is the concurrency check, and its row id is the order. See event-rows.ts. */
const events = `
CREATE TABLE IF NOT EXISTS commits (
  id INTEGER PRIMARY KEY,
  partition INTEGER NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL, -- of the row's first event
  last INTEGER NOT NULL, -- version of the commit's last event
  count INTEGER NOT NULL,
  facts INTEGER NOT NULL,
  command TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  actor TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (stream, version)
);
CREATE TABLE IF NOT EXISTS keys (subject TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
`;

/** For accounts, which read only this index. Its row ids grow, so it costs an append little. */
const commitCounts = 'CREATE INDEX IF NOT EXISTS commits_counts ON commits (partition, id, count, facts);';

const readModels = `
CREATE TABLE IF NOT EXISTS models (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS heads (
  model INTEGER NOT NULL, partition INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (model, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
  model INTEGER NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
  entries TEXT, -- what stands in entries for this row: {index: [value]}
  PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
  model INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (model, name, value, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cells (
  model INTEGER NOT NULL, cell TEXT NOT NULL, partition INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (model, cell, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parked (
  model INTEGER NOT NULL, partition INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (model, partition, at)
) WITHOUT ROWID;
`;

const jobs = `
CREATE TABLE IF NOT EXISTS jobs (
  seq INTEGER PRIMARY KEY,
  queue TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, due INTEGER NOT NULL, reason TEXT,
  UNIQUE (queue, id)
);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (queue, state, due);
`;

/** One row per record until format 3. */
const log = `
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY,
  context TEXT NOT NULL, position INTEGER NOT NULL, previous INTEGER NOT NULL,
  key TEXT NOT NULL, type TEXT NOT NULL, schema INTEGER NOT NULL, stream TEXT NOT NULL, event TEXT NOT NULL,
  time TEXT NOT NULL, recorded_at TEXT NOT NULL, actor TEXT NOT NULL, correlation TEXT, causation TEXT,
  body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lanes (
  context TEXT NOT NULL, partition INTEGER NOT NULL, scanned INTEGER NOT NULL, published INTEGER NOT NULL,
  PRIMARY KEY (context, partition)
) WITHOUT ROWID;
`;

/** For the log's accounts, like `commitCounts`. */
const recordTypes = 'CREATE INDEX IF NOT EXISTS records_types ON records (id, context, type);';

/** See log-pages.ts. The id is that of the first record. */
const logPages = `
CREATE TABLE pages (
  id INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  counts TEXT NOT NULL, -- {"<context> <type>": records}
  body NOT NULL -- text, or compressed when the page is full
);
CREATE INDEX pages_counts ON pages (id, count, counts); -- for the log's accounts, which read only this
`;

/** The access database: see `AccessStore`. */
const accessRecords = `
CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, rev INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
`;

const settings =
  'CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;';

/** Migrates a database from the format before to its own, inside a transaction. It must not change once it was released. */
type Step = (driver: SqlDriver) => void;

/** Settings of text as well as whole numbers, because they hold the fingerprints of the keys. */
const settingsOfAnyType: Step = (driver) =>
  driver.exec(`
ALTER TABLE settings RENAME TO settings_1;
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO settings SELECT name, value FROM settings_1;
DROP TABLE settings_1;`);

/**
 * The numbered migrations of each kind of database: the step at index n − 1 makes format n, which `PRAGMA
 * user_version` stores. Databases of format 1 store 0 there, as new ones do. To change a table, add a step at the end.
 */
const steps = {
  context: [
    (driver) => driver.exec(settings + events + readModels + jobs),
    settingsOfAnyType,
    // Commits were compared with the checkpoint's offset before; its revision continues from there.
    (driver) => driver.exec('ALTER TABLE heads RENAME COLUMN at TO rev; UPDATE heads SET rev = max(rev, 1);'),
    (driver) => driver.exec(commitCounts),
    // From here on the bodies of rows that are appended together are packed; those that are there stay as they are.
    () => undefined,
  ],
  log: [
    (driver) => driver.exec(settings + log),
    (driver) => {
      // The last releases that wrote format 1 already have it.
      addColumn(driver, 'records', 'traceparent TEXT');
      settingsOfAnyType(driver);
    },
    (driver) => driver.exec(recordTypes),
    (driver) => {
      driver.exec(logPages);
      pageRecords(driver);
      driver.exec('DROP TABLE records');
    },
  ],
  access: [
    (driver) => {
      driver.exec(settings + accessRecords);
      settingsOfAnyType(driver);
    },
  ],
} as const satisfies Record<string, readonly Step[]>;

/** Puts the records of format 3 into pages, a few thousand at a time. */
function pageRecords(driver: SqlDriver): void {
  const select = driver.prepare(
    `SELECT id, context, position, previous, key, type, schema, stream, event, time, recorded_at, actor,
       correlation, causation, traceparent, body FROM records WHERE id > ? ORDER BY id LIMIT 2000`,
  );
  let pages: PageWriter | null = null;
  let partition = -1;
  let last = 0;
  for (let rows = select.all([last]); rows.length > 0; rows = select.all([last])) {
    for (const row of rows as readonly (readonly any[])[]) {
      const [id, context, position, previous, key, type, schema, stream, event, ...rest] = row;
      const [time, recordedAt, actor, correlationId, causationId, traceparent, body] = rest;
      if (Math.floor(id / partitionSpan) !== partition) {
        pages?.store();
        partition = Math.floor(id / partitionSpan);
        pages = new PageWriter(driver, partition);
      }
      const text = packed({
        ...{ position, key, type, schema, stream, id: event, time, recordedAt, actor },
        ...{ correlationId, causationId, traceparent, body },
      });
      pages!.add(context, previous, position, type, text);
      last = id;
    }
  }
  pages?.store();
}

export type DatabaseKind = keyof typeof steps;

export function createContextTables(driver: SqlDriver, partitions: number, name?: string): void {
  driver.transaction(() => migrate(driver, 'context', partitions, name));
}

export function createAccessTables(driver: SqlDriver, partitions: number, name?: string): void {
  driver.transaction(() => migrate(driver, 'access', partitions, name));
}

export function createLogTables(driver: SqlDriver, partitions: number, name?: string): void {
  driver.transaction(() => migrate(driver, 'log', partitions, name));
}

/**
 * Creates the tables of a new database, or migrates those of an earlier release to this format, inside a transaction.
 * Throws `StoreRefused` when a later release wrote the database, when its tables are not those of its format, or when
 * it has another number of partitions, which stored events carry for ever.
 */
export function migrate(
  driver: SqlDriver,
  kind: DatabaseKind,
  partitions: number,
  name = 'The database',
): void {
  const format = driver.prepare('PRAGMA user_version').get([])![0] as number;
  const own = steps[kind].length;
  if (format < 0 || format > own) {
    throw new StoreRefused(
      `${name} has format ${format}, and this release knows formats up to ${own}: start the release that wrote it.`,
    );
  }
  // Both a new database and one of format 1 have version 0; a new one has none of these tables.
  const { names } = tablesOf(kind, Math.max(1, format));
  const there = names.filter((table) => exists(driver, table));
  if (there.length > 0 && there.length < names.length) throw notOfItsFormat(name, format);
  try {
    for (let next = format; next < own; next++) steps[kind][next]!(driver);
    if (format < own) driver.exec(`PRAGMA user_version = ${own}`);
  } catch (error) {
    if (error instanceof Unavailable || !/no such|duplicate column/i.test((error as Error).message))
      throw error;
    throw notOfItsFormat(name, format);
  }
  const tables = tablesOf(kind, own);
  if (described(driver, tables.names) !== tables.described) throw notOfItsFormat(name, format);
  driver.prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO NOTHING').run(['partitions', partitions]);
  const stored = driver.prepare('SELECT value FROM settings WHERE name = ?').get(['partitions'])?.[0];
  if (stored !== partitions) {
    throw new StoreRefused(
      `${name} has ${String(stored)} partitions and cannot be opened with ${partitions}.`,
    );
  }
}

function notOfItsFormat(name: string, format: number): StoreRefused {
  return new StoreRefused(
    `${name} does not have the tables of its format ${Math.max(1, format)}: restore it from a backup.`,
  );
}

function exists(driver: SqlDriver, table: string): boolean {
  const found = driver.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get([table]);
  return found !== undefined;
}

/** Columns and indexes of tables, as text. */
function described(driver: SqlDriver, tables: readonly string[]): string {
  const columns = driver.prepare(
    `SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m, pragma_table_info(m.name) c
      WHERE m.type = 'table' ORDER BY m.name, c.cid`,
  );
  const indexes = driver.prepare(
    `SELECT m.name, l.name, l."unique", i.name
      FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
      WHERE m.type = 'table' ORDER BY m.name, l.name, i.seqno`,
  );
  const own = ([table]: SqlRow) => tables.includes(table as string);
  return JSON.stringify([columns.all([]).filter(own), indexes.all([]).filter(own)]);
}

interface Tables {
  readonly names: readonly string[];
  readonly described: string;
}

const madeBySteps = new Map<Step, Tables>();

/** The tables of a database that was made in this format. */
function tablesOf(kind: DatabaseKind, format: number): Tables {
  const last = steps[kind][format - 1]!;
  const known = madeBySteps.get(last);
  if (known) return known;
  const made = openDriver(':memory:');
  for (const step of steps[kind].slice(0, format)) step(made);
  const names = made.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).all([]);
  const tables = names.map(([name]) => name as string);
  const own = { names: tables, described: described(made, tables) };
  made.close();
  madeBySteps.set(last, own);
  return own;
}

/** Adds a column at the end of a table, empty in every row, unless it exists. */
function addColumn(driver: SqlDriver, table: string, column: string): void {
  const names = driver.prepare('SELECT name FROM pragma_table_info(?)').all([table]);
  if (!names.some(([name]) => name === column.slice(0, column.indexOf(' '))))
    driver.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
}

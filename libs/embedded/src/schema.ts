import type { SqlDriver } from './sql-driver.js';

/** One row per commit and partition: its insert is the concurrency check, its row id the order. See event-rows.ts. */
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

/** For accounts, which read it alone: the ids grow, so it costs an append little. */
const commitCounts = 'CREATE INDEX IF NOT EXISTS commits_counts ON commits (partition, id, count, facts);';

const readModels = `
CREATE TABLE IF NOT EXISTS models (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS heads (
  model INTEGER NOT NULL, partition INTEGER NOT NULL, rev INTEGER NOT NULL, body TEXT NOT NULL,
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

/** A record's id is partition × 2^40 + offset, so each partition lies together and in order. */
const log = `
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY,
  context TEXT NOT NULL, position INTEGER NOT NULL, previous INTEGER NOT NULL,
  key TEXT NOT NULL, type TEXT NOT NULL, schema INTEGER NOT NULL, stream TEXT NOT NULL, event TEXT NOT NULL,
  time TEXT NOT NULL, recorded_at TEXT NOT NULL, actor TEXT NOT NULL, correlation TEXT, causation TEXT,
  body TEXT NOT NULL,
  traceparent TEXT
);
CREATE TABLE IF NOT EXISTS lanes (
  context TEXT NOT NULL, partition INTEGER NOT NULL, scanned INTEGER NOT NULL, published INTEGER NOT NULL,
  PRIMARY KEY (context, partition)
) WITHOUT ROWID;
`;

/** As `commitCounts`. */
const recordTypes = 'CREATE INDEX IF NOT EXISTS records_types ON records (id, context, type);';

const settings =
  'CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;';

export function createContextTables(driver: SqlDriver, partitions: number): void {
  create(driver, events + commitCounts + readModels + jobs, partitions);
}

export function createLogTables(driver: SqlDriver, partitions: number): void {
  create(driver, log + recordTypes, partitions);
  addColumn(driver, 'records', 'traceparent TEXT');
}

/** A table that was made before the column was thought of gets it as its last one, empty in every row. */
function addColumn(driver: SqlDriver, table: string, column: string): void {
  driver.transaction(() => {
    const names = driver.prepare('SELECT name FROM pragma_table_info(?)').all([table]);
    if (!names.some(([name]) => name === column.slice(0, column.indexOf(' '))))
      driver.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
  });
}

/** Throws when the database was made for another number of partitions: stored events carry theirs for ever. */
function create(driver: SqlDriver, tables: string, partitions: number): void {
  driver.transaction(() => {
    driver.exec(settings + tables);
    driver
      .prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO NOTHING')
      .run(['partitions', partitions]);
    const stored = driver.prepare('SELECT value FROM settings WHERE name = ?').get(['partitions'])?.[0];
    if (stored !== partitions) {
      throw new Error(
        `${fileOf(driver)} has ${String(stored)} partitions and cannot be opened with ${partitions}: put back the data folder that belongs to this Readership.`,
      );
    }
  });
}

/** The path of the database, for messages. */
function fileOf(driver: SqlDriver): string {
  const path = driver.prepare('PRAGMA database_list').get([])?.[2];
  return typeof path === 'string' && path !== '' ? path : 'The database';
}

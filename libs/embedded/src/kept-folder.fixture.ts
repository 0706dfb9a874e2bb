import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDriver } from './sql-driver.js';

const fixtures = join(import.meta.dirname, '../fixtures');

/** The keys that the kept data was made with. */
export const keptKeys = { masterKey: Buffer.alloc(32, 1), cardKey: Buffer.alloc(32, 2) };

/** Makes a data folder as an earlier release left it, with these of its databases. */
export function keepFolder(folder: string, format: string, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const driver = openDriver(join(folder, `${name}.db`));
    driver.exec(readFileSync(join(fixtures, format, `${name}.sql`), 'utf8'));
    driver.close();
  }
}

/** The names of all files and the content of all databases, as text. */
export function folderContent(folder: string): string {
  const files = readdirSync(folder)
    .filter((file) => !/^lock$|-(wal|shm)$/.test(file))
    .sort();
  const databases = files.filter((file) => file.endsWith('.db'));
  return JSON.stringify([files, ...databases.map((file) => databaseContent(join(folder, file)))]);
}

function databaseContent(file: string): unknown {
  const driver = openDriver(file);
  try {
    const tables = driver
      .prepare(`SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name`)
      .all([]);
    return [
      driver.prepare('PRAGMA user_version').get([]),
      tables.map(([name, sql]) => [sql, driver.prepare(`SELECT * FROM "${name as string}"`).all([])]),
    ];
  } finally {
    driver.close();
  }
}

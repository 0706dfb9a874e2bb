export * from './embedded-adapters.js';
export { databaseFiles, DataFolder, FolderUnusable, type FolderAdaptersOptions } from './data-folder.js';
export { fileAdapters, type FileOptions } from './file-adapters.js';
export {
  DatabaseUnusable,
  openDriver,
  SqlMisuse,
  type SqlDriver,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from './sql-driver.js';
export { SqliteEventLog } from './sqlite-event-log.js';

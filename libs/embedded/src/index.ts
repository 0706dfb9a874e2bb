export * from './embedded-adapters.js';
export { databasesIn } from './data-folder.js';
export { fileAdapters, FolderUnusable, type FileOptions } from './file-adapters.js';
export {
  openDriver,
  SqlMisuse,
  type SqlDriver,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from './sql-driver.js';
export { SqliteEventLog } from './sqlite-event-log.js';

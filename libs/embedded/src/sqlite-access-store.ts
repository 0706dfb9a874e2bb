import { AccessStore, type AccessRecord } from '@readership/kernel';
import type { SqlDriver, SqlRow } from './sql-driver.js';
import type { SqlWriter } from './writer.js';

/** The access database in a file of its own. */
export class SqliteAccessStore extends AccessStore {
  constructor(
    private readonly driver: SqlDriver,
    private readonly writer: SqlWriter,
  ) {
    super();
  }

  async get(id: string): Promise<AccessRecord | null> {
    const row = this.driver.prepare('SELECT id, rev, body FROM records WHERE id = ?').get([id]);
    return row === undefined ? null : recordOf(row);
  }

  put(id: string, before: number, body: string): Promise<boolean> {
    return this.writer.write('putRecord', [id, before, body]);
  }

  remove({ id, rev, body }: AccessRecord): Promise<boolean> {
    return this.writer.write('removeRecord', [id, rev, body]);
  }

  async list(page: { readonly after?: string; readonly limit: number }): Promise<readonly AccessRecord[]> {
    const rows = this.driver
      .prepare('SELECT id, rev, body FROM records WHERE id > ? ORDER BY id LIMIT ?')
      .all([page.after ?? '', page.limit]);
    return rows.map(recordOf);
  }
}

function recordOf([id, rev, body]: SqlRow): AccessRecord {
  return { id: id as string, rev: rev as number, body: body as string };
}

import Database from 'libsql';
import { join } from 'node:path';
import { inFolder, perSecond } from './measure.js';

const perTransaction = 500;

/** A table of events without anything around it (libsql, WAL, synchronous=FULL), and the statement that adds one. */
export function bareEvents(folder: string): {
  readonly db: { exec(sql: string): unknown; close(): unknown };
  readonly insert: { run(values: readonly unknown[]): unknown };
} {
  const db = new Database(join(folder, 'bare.db'));
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
  db.exec(
    'CREATE TABLE events (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE(stream, version))',
  );
  return { db, insert: db.prepare('INSERT INTO events (stream, version, body) VALUES (?, ?, ?)') };
}

/**
 * The bare loop: inserts rows of this content in transactions of 500 (libsql, prepared statements, WAL,
 * synchronous=FULL). Resolves to rows per second.
 */
export function bareInserts(rows: number, body: (n: number) => string): Promise<number> {
  return inFolder(async (folder) => {
    const { db, insert } = bareEvents(folder);
    const speed = await perSecond(rows, () => {
      for (let at = 0; at < rows; at += perTransaction) {
        db.exec('BEGIN IMMEDIATE');
        for (let n = at; n < at + perTransaction; n++)
          insert.run([`interaction-${n}-0123456789012345678901234567`, 1, body(n)]);
        db.exec('COMMIT');
      }
    });
    db.close();
    return speed;
  });
}

/** An interaction as a branch system sends it. */
export function interactionLine(n: number): string {
  return JSON.stringify({
    specversion: '1.0',
    type: 'org.readership.interaction.v1',
    source: '/bench/ils',
    id: `loan-${n}`,
    time: new Date(Date.UTC(2024, 0, 1) + n * 1000).toISOString(),
    data: { kind: 'loan', branch: 'B1', card: `29${String(n % 3_000).padStart(8, '0')}`, quantity: 2 },
  });
}

import { parseBody, type CommitText, type PartBody, type PartPlace } from '@readership/kernel';
import type { DataKey } from './data-keys.js';
import type { SqlRow, SqlValue } from './sql-driver.js';

/** Positions of a row's events: row id × 128 + index. */
export const rowSpan = 128;

/** A commit as it is stored, with the keys that sealed it. */
export interface SealedCommit {
  readonly text: CommitText;
  /** The body of each part. */
  readonly bodies: readonly string[];
  readonly keys: readonly (readonly [subject: string, key: DataKey])[];
}

/** Appends the values that `append` of event-writes.ts takes, one row per part. */
export function flatten(to: SqlValue[], { text, bodies, keys }: SealedCommit): void {
  const { stream, expectedVersion, meta } = text.commit;
  const fresh = keys.filter(([, { stored }]) => !stored);
  to.push(stream, expectedVersion, text.last, meta.commandId, meta.at, meta.actor, fresh.length);
  for (const [subject, { wrapped }] of fresh) to.push(subject, wrapped);
  to.push(text.parts.length);
  for (const [at, part] of text.parts.entries())
    to.push(part.partition, part.version, part.count, part.facts, bodies[at]!);
}

export const rowColumns = 'id, partition, stream, last, command, recorded_at, actor, body, count, facts';

/** A row of `rowColumns`, as a part of a commit was stored under an id. */
export function rowOf({ text, bodies }: SealedCommit, part: number, id: number): SqlRow {
  const { stream, meta } = text.commit;
  const { partition, count, facts } = text.parts[part]!;
  const body = bodies[part]!;
  return [id, partition, stream, text.last, meta.commandId, meta.at, meta.actor, body, count, facts];
}

/** Reads a row of `rowColumns` into its place and body. */
export function readRow(row: SqlRow): readonly [PartPlace, PartBody] {
  const [id, partition, stream, , commandId, recordedAt, actor, body, count, facts] = row as readonly [
    number,
    number,
    string,
    number,
    string,
    string,
    string,
    string,
    number,
    number,
  ];
  const place = { stream, partition, position: id * rowSpan, recordedAt, commandId, actor };
  return [place, parseBody(body, { count, facts })];
}

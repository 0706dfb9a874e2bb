import { bodyOf, decodePart, parseBody, type CommitText, type Stored } from '@readership/kernel';
import type { DataKeys } from './data-keys.js';
import type { SqlRow, SqlValue } from './sql-driver.js';

/** Positions of a row's events: row id × 128 + index. */
export const rowSpan = 128;

/** Appends what `append` of event-writes.ts takes: a row per part. */
export function flatten(to: SqlValue[], text: CommitText, keys: DataKeys): void {
  const { stream, expectedVersion, meta } = text.commit;
  const fresh = text.subjects.filter((subject) => !keys.toSeal(subject).stored);
  to.push(stream, expectedVersion, text.last, meta.commandId, meta.at, meta.actor, fresh.length);
  for (const subject of fresh) to.push(subject, keys.toSeal(subject).wrapped);
  to.push(text.parts.length);
  for (const part of text.parts)
    to.push(part.partition, part.version, part.count, part.facts, bodyOf(text, part));
}

export const rowColumns = 'id, partition, stream, last, command, recorded_at, actor, body';

/** The events of a row of `rowColumns`, appended in their order. */
export function decode(row: SqlRow, keys: DataKeys, to: Stored[]): void {
  const [id, partition, stream, , commandId, recordedAt, actor, body] = row as readonly [
    number,
    number,
    string,
    number,
    string,
    string,
    string,
    string,
  ];
  const place = { stream, partition, position: id * rowSpan, recordedAt, commandId, actor };
  decodePart(place, parseBody(body), (subject) => keys.toOpen(subject), to);
}

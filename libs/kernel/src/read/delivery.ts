import type { Position } from '../event.js';
import type { Checkpoint } from '../ports/read-models.js';

/** The fields of a record that are known before it is decoded. */
export interface Delivered {
  readonly offset: number;
  readonly context: string;
  readonly position: Position;
  /** The context's position before this one in the partition; absent when the source cannot have gaps. */
  readonly previous?: Position;
  readonly key: string;
  readonly type: string;
  readonly recordedAt: string;
  /** W3C trace context of the request that led to it. */
  readonly traceparent?: string;
}

/** The log lacks records of a context. The partition halts until the log holds them. */
export class Gap extends Error {
  override readonly name = 'Gap';

  constructor(
    message: string,
    readonly context: string,
    /** The context's last position before the gap. */
    readonly seen: Position,
    /** False when the missing records will never come, because other facts were recorded at these positions. */
    readonly curable: boolean,
  ) {
    super(message);
  }
}

/** At the checkpoint's offset the log holds another record than the one that was taken: it was restored or made anew. */
export class OtherLog extends Error {
  override readonly name = 'OtherLog';
}

/** Somebody else moved the checkpoint, so what was read before is out of date. */
export class Stale extends Error {
  override readonly name = 'Stale';
}

/** Too many records are parked. The partition halts until an operator deals with them. */
export class Halted extends Error {
  override readonly name = 'Halted';
}

/** A gap whose missing records were published again, further on in the log. */
export interface MendedGap {
  /** The context whose records were missing. */
  readonly context: string;
  /** For each context, the position up to which the log now holds all its records. */
  readonly reach: Readonly<Record<string, Position>>;
  /** The missing records all lie at or before this offset. */
  readonly until: number;
}

/** Throws `OtherLog` when the record at the checkpoint's offset is not the one that was taken. */
export function checkSame({ offset, recordedAt }: Checkpoint, records: readonly Delivered[]): void {
  if (records.length === 0 || records[0]!.offset > offset) return;
  const there = records.find((record) => record.offset === offset);
  if (there && there.recordedAt !== recordedAt) {
    throw new OtherLog(`the log holds another record than the one processed at ${offset}`);
  }
}

/** The records of a batch that are new, and where they lead. */
export interface Unseen<R extends Delivered> {
  readonly fresh: readonly R[];
  readonly lanes: Readonly<Record<string, Position>>;
  /** The types among `fresh`. */
  readonly types: ReadonlySet<string>;
}

/** The records after the checkpoint, without those whose position was already seen. Throws `Gap`. */
export function unseen<R extends Delivered>(
  { offset, lanes: before }: Checkpoint,
  records: readonly R[],
  mendedGap: MendedGap | null = null,
): Unseen<R> {
  const lanes: Record<string, Position> = { ...before };
  const fresh: R[] = [];
  const types = new Set<string>();
  for (const record of records) {
    if (record.offset <= offset) continue;
    const seen = lanes[record.context] ?? 0;
    if (record.position <= seen) continue;
    if (record.previous !== undefined && record.previous !== seen) {
      const ahead = record.previous > seen;
      const mends = mendedGap !== null && seen < (mendedGap.reach[record.context] ?? 0);
      if (ahead && mends && record.offset <= mendedGap.until) continue;
      throw gapBefore(record, seen, ahead && !mends);
    }
    lanes[record.context] = record.position;
    types.add(record.type);
    fresh.push(record);
  }
  return { fresh, lanes, types };
}

interface Looked {
  readonly from: Pick<Checkpoint, 'offset' | 'lanes'>;
  readonly unseen: Unseen<any>;
}

/** By batch. The processors of a group are given the same batch, most of them at the same place. */
const looked = new WeakMap<readonly Delivered[], Looked>();

/** As `unseen`, looking once through a batch for all processors that are at the same place. It must never change. */
export function unseenOfBatch<R extends Delivered>(
  checkpoint: Checkpoint,
  batch: readonly R[],
  mendedGap: MendedGap | null,
): Unseen<R> {
  if (mendedGap !== null) return unseen(checkpoint, batch, mendedGap);
  let known = looked.get(batch);
  if (known === undefined || !isSamePlace(known.from, checkpoint)) {
    known = { from: checkpoint, unseen: unseen(checkpoint, batch) };
    looked.set(batch, known);
  }
  return known.unseen as Unseen<R>;
}

function isSamePlace(a: Looked['from'], b: Looked['from']): boolean {
  if (a.offset !== b.offset) return false;
  const contexts = Object.keys(a.lanes);
  return (
    contexts.length === Object.keys(b.lanes).length &&
    contexts.every((context) => a.lanes[context] === b.lanes[context])
  );
}

function gapBefore({ context, position, previous }: Delivered, seen: Position, curable: boolean): Gap {
  return new Gap(
    `${context}: after ${seen} came ${position}, which follows ${previous}`,
    context,
    seen,
    curable,
  );
}

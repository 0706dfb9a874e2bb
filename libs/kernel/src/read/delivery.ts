import type { Position } from '../event.js';
import type { Checkpoint } from '../ports/read-models.js';

/** What must be known of a record before it is decoded. */
export interface Delivered {
  readonly offset: number;
  readonly context: string;
  readonly position: Position;
  /** The context's position before it in this partition; absent where the source cannot have gaps. */
  readonly previous?: Position;
  readonly key: string;
  readonly type: string;
  readonly recordedAt: string;
  /** W3C trace context of the request that led to it. */
  readonly traceparent?: string;
}

/** The log skipped something of a context: the partition halts until the log holds what is missing. */
export class Gap extends Error {
  override readonly name = 'Gap';

  constructor(
    message: string,
    readonly context: string,
    /** The context's last position before the gap. */
    readonly seen: Position,
    /** False: what follows `seen` will not come, since other facts were recorded at these positions. */
    readonly curable: boolean,
  ) {
    super(message);
  }
}

/** Where the checkpoint stands the log holds another record than was taken: it was restored or made anew. */
export class OtherLog extends Error {
  override readonly name = 'OtherLog';
}

/** Somebody else moved the checkpoint: what was read before is out of date. */
export class Stale extends Error {
  override readonly name = 'Stale';
}

/** So much is parked that going on would only park more: the partition waits until somebody looked. */
export class Halted extends Error {
  override readonly name = 'Halted';
}

/** A gap whose missing records were published again, further on in the log. */
export interface MendedGap {
  /** The context whose records were missing. */
  readonly context: string;
  /** For each context, the position up to which the log now holds all its records. */
  readonly reach: Readonly<Record<string, Position>>;
  /** They all lie at or before this offset. */
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

/** The records after the checkpoint, without those whose position was seen; throws `Gap`. */
export function unseen<R extends Delivered>(
  checkpoint: Checkpoint,
  records: readonly R[],
  mendedGap: MendedGap | null = null,
): { readonly fresh: readonly R[]; readonly lanes: Record<string, Position> } {
  const lanes: Record<string, Position> = { ...checkpoint.lanes };
  const fresh: R[] = [];
  for (const record of records) {
    if (record.offset <= checkpoint.offset) continue;
    const seen = lanes[record.context] ?? 0;
    if (record.position <= seen) continue;
    if (record.previous !== undefined && record.previous !== seen) {
      const ahead = record.previous > seen;
      const mends = mendedGap !== null && seen < (mendedGap.reach[record.context] ?? 0);
      if (ahead && mends && record.offset <= mendedGap.until) continue;
      throw gapBefore(record, seen, ahead && !mends);
    }
    lanes[record.context] = record.position;
    fresh.push(record);
  }
  return { fresh, lanes };
}

function gapBefore({ context, position, previous }: Delivered, seen: Position, curable: boolean): Gap {
  return new Gap(
    `${context}: after ${seen} came ${position}, which follows ${previous}`,
    context,
    seen,
    curable,
  );
}

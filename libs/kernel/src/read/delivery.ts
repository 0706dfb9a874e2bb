import type { Position } from '../event.js';
import type { Checkpoint, Parked } from '../ports/read-models.js';

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

/** Takes a partition's records in order and remembers how far it came: runners and reactions. */
export interface Taker<R extends Delivered, E> {
  /** Under which its checkpoint is stored. */
  readonly id: string;
  readonly on: ReadonlySet<string>;
  checkpoint(partition: number): Promise<Checkpoint>;
  /** Throws `Gap`, `OtherLog`, `Stale` or `Halted`; what was committed before stays. */
  take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void>;
  /**
   * Begins at the log's first record once more and drops what it has seen. With `passing` only when it has not come
   * beyond a gap yet: what lies on the log before the missing records is passed over, for it comes again after them.
   */
  reread(partition: number, passing?: Passing): Promise<void>;
  /**
   * Takes what is parked of a key, in order, and resolves to how much that was; from then on the key is no longer held
   * back. Refused with `STILL_CANNOT_APPLY` at the first record that still cannot be applied.
   */
  replay(
    partition: number,
    key: string,
    again: (parked: Parked) => Promise<R>,
    decode: (record: R) => E,
  ): Promise<number>;
  /**
   * Gives up the first parked record of a key, which is the one at `offset`: it counts as skipped. Resolves to it; `null`
   * when it is not parked any more, so that a repeat gives up nothing else. Refused with `NOT_FIRST_PARKED`, which names
   * the first, when it waits behind another.
   */
  discard(partition: number, key: string, offset: number): Promise<Parked | null>;
}

/** A taker that takes its batches by `take`, and is the given one in everything else. */
export function takingBy<R extends Delivered, E>(taker: Taker<R, E>, take: Taker<R, E>['take']): Taker<R, E> {
  return {
    id: taker.id,
    on: taker.on,
    checkpoint: (partition) => taker.checkpoint(partition),
    reread: (...which) => taker.reread(...which),
    replay: (...which) => taker.replay(...which),
    discard: (...which) => taker.discard(...which),
    take,
  };
}

/** What is known of a log that mends its gaps further on. */
export interface Passing {
  /** Whose gap was met. */
  readonly context: string;
  /** Of each context, up to where its records follow one another. */
  readonly reach: Readonly<Record<string, Position>>;
  /** They do so no later than at this offset. */
  readonly until: number;
}

/** Throws `OtherLog` when the record at the checkpoint's offset is not the one that was taken. */
export function checkSame({ offset, recordedAt }: Checkpoint, records: readonly Delivered[]): void {
  if (records.length === 0 || records[0]!.offset > offset) return;
  const there = records.find((record) => record.offset === offset);
  if (there && there.recordedAt !== recordedAt) {
    throw new OtherLog(`the log holds another record than was taken at ${offset}`);
  }
}

/** The records after the checkpoint, without those whose position was seen; throws `Gap`. */
export function unseen<R extends Delivered>(
  checkpoint: Checkpoint,
  records: readonly R[],
  passing: Passing | null = null,
): { readonly fresh: readonly R[]; readonly lanes: Record<string, Position> } {
  const lanes: Record<string, Position> = { ...checkpoint.lanes };
  const fresh: R[] = [];
  for (const record of records) {
    if (record.offset <= checkpoint.offset) continue;
    const seen = lanes[record.context] ?? 0;
    if (record.position <= seen) continue;
    if (record.previous !== undefined && record.previous !== seen) {
      const ahead = record.previous > seen;
      const mends = passing !== null && seen < (passing.reach[record.context] ?? 0);
      if (ahead && mends && record.offset <= passing.until) continue;
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

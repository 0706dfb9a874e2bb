import type { Position } from './event.js';
import type { Checkpoint, Parked } from './read-models.js';

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

/** The log skipped something of a context: reading goes back to the checkpoint, and halts when the gap stands. */
export class Gap extends Error {
  override readonly name = 'Gap';
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
  /** Throws `Gap`, `Stale` or `Halted`; what was committed before stays. */
  take(partition: number, records: readonly R[], decode: (record: R) => E): Promise<void>;
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

/** The records after the checkpoint, without those whose position was seen; throws `Gap`. */
export function unseen<R extends Delivered>(
  checkpoint: Checkpoint,
  records: readonly R[],
): { readonly fresh: readonly R[]; readonly lanes: Record<string, Position> } {
  const lanes: Record<string, Position> = { ...checkpoint.lanes };
  const fresh: R[] = [];
  for (const record of records) {
    if (record.offset <= checkpoint.offset) continue;
    const seen = lanes[record.context] ?? 0;
    if (record.position <= seen) continue;
    if (record.previous !== undefined && record.previous !== seen) {
      throw new Gap(
        `${record.context}: after ${seen} came ${record.position}, which follows ${record.previous}`,
      );
    }
    lanes[record.context] = record.position;
    fresh.push(record);
  }
  return { fresh, lanes };
}

import type { Position } from '../event.js';

/** A published fact as it lies on the log: envelope in the open, body still JSON text. */
export interface LogRecord {
  readonly partition: number;
  /** Place in the partition of the log over all contexts, increasing, from 1. */
  readonly offset: number;
  readonly context: string;
  /** In the context's own partition; with `context` the identity of the record. */
  readonly position: Position;
  /** The position this context published before it in this partition, 0 for the first. */
  readonly previous: Position;
  readonly key: string;
  readonly type: string;
  readonly schema: number;
  readonly stream: string;
  readonly id: string;
  readonly time: string;
  readonly recordedAt: string;
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** W3C trace context of the request that led to it. */
  readonly traceparent?: string;
  readonly body: string;
}

export type NewRecord = Omit<LogRecord, 'offset' | 'previous'>;

/** How far a context's relay has come in a partition. */
export interface Lane {
  /** Everything up to here was looked at. */
  readonly scanned: Position;
  /** The last that was published. */
  readonly published: Position;
}

export interface LogConsumer {
  /** Consumers of one group share the partitions; each group sees everything. */
  readonly group: string;
  /** The most records one call of `take` gets; the log's `windowMax` when that is less. */
  readonly window: number;
  /** The offset after which to begin: the consumer's own truth, asked whenever it is given a partition. */
  start(partition: number): Promise<number>;
  /**
   * Takes the next records of a partition, in order, one call at a time per partition. When it throws, delivery
   * pauses (longer each time, at most a few seconds) and begins again at `start`.
   */
  take(partition: number, records: readonly LogRecord[]): Promise<void>;
  /** The log ends before `start` of a partition. Whether `start` says another place now; else it is asked again later. */
  cut?(partition: number): Promise<boolean>;
}

export interface Consumption {
  /** Resolves when no call of `take` is under way and none will come. */
  stop(): Promise<void>;
}

/** How old the ends may be that an `EventLog` knows without asking. */
export const endsAgeMaxMs = 10_000;

/**
 * The one published log, `readership.events`.
 *
 * - `publish` stores the records in order, durable when it resolves, and moves the lane to `to`. When the lane is not
 *   at `from` any more it answers `stale` and stores nothing new. A crash can only repeat a suffix, at the same positions.
 * - Records are delivered at least once, in order per partition, to every group, from the offset the consumer names.
 * - A record is kept for ever. Should the log have lost some all the same, they can be published again.
 */
export abstract class EventLog {
  abstract readonly partitions: number;

  /** The most records that one call of `take` ever gets, whatever window its consumer names. */
  abstract readonly windowMax: number;

  abstract lane(context: string, partition: number): Promise<Lane>;

  abstract publish(
    context: string,
    partition: number,
    from: Position,
    to: Position,
    records: readonly NewRecord[],
  ): Promise<'published' | 'stale'>;

  abstract consume(consumer: LogConsumer): Promise<Consumption>;

  /**
   * Lets a context's relays publish again, at the same positions, what comes after `to`. A send that is under way
   * meanwhile does not move the lane. Resolves to the lane as it stands then: a log that cannot have lost anything
   * leaves it where it is.
   */
  abstract moveBack(context: string, partition: number, to: Lane): Promise<Lane>;

  /**
   * By partition, the last record of a context that lies on the log beyond its lane, as a crash between the two leaves
   * it; partitions without one are absent. For the boot: a log may read all that was published since the lane moved, and
   * rejects with one line when it is not fit to be the system of record.
   */
  abstract beyond(
    context: string,
  ): Promise<ReadonlyMap<number, { readonly position: Position; readonly id: string }>>;

  /** Of each context, how far its records in a partition follow one another from its first; 0 where it is absent. */
  abstract reach(partition: number): Promise<Readonly<Record<string, Position>>>;

  /** The last offset of each partition, 0 when it is empty. */
  abstract ends(): Promise<readonly number[]>;

  /**
   * The same as it was told last, without asking: never more than `endsAgeMaxMs` ago. `null` when that is not known: the
   * log is away, or nobody in this process consumes it.
   */
  abstract knownEnds(): readonly number[] | null;

  /**
   * How many records each context has in a partition, and how many of each type up to an offset. One that was published
   * again counts once, and one that does not follow its context's last not at all.
   */
  abstract account(
    partition: number,
    through?: number,
  ): Promise<readonly { readonly context: string; readonly type: string; readonly records: number }[]>;
}

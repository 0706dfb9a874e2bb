import type { Position } from '../event.js';

/** A published fact as the log stores it: the envelope as fields, the body as JSON text. */
export interface LogRecord {
  readonly partition: number;
  /** Place in the log's partition, over all contexts. Increases, from 1. */
  readonly offset: number;
  readonly context: string;
  /** Position in the context's own partition. With `context` and `partition` it identifies the record. */
  readonly position: Position;
  /** The position that this context published before this one in the partition; 0 for the first. */
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
  /** The last position that the relay has read. */
  readonly scanned: Position;
  /** The last position that was published. */
  readonly published: Position;
}

export interface LogConsumer {
  /** Consumers of one group share the partitions. Each group receives all records. */
  readonly group: string;
  /** The most records that one call of `take` gets. The log's `windowMax` applies when it is less. */
  readonly window: number;
  /** The offset after which to begin. The consumer keeps it, and the log asks for it whenever it assigns the partition. */
  start(partition: number): Promise<number>;
  /**
   * Takes the next records of a partition, in order, one call at a time per partition. When it rejects, delivery pauses
   * (longer each time, at most a few seconds) and begins again at `start`.
   */
  take(partition: number, records: readonly LogRecord[]): Promise<void>;
  /**
   * Called when the log ends before `start` of a partition. Resolves to true when `start` returns another offset now;
   * when false, the log asks again later.
   */
  cut?(partition: number): Promise<boolean>;
  /**
   * Called when the partition is no longer assigned to this consumer and no call is under way for it. It may be assigned
   * again later, which `start` tells.
   */
  revoked?(partition: number): void;
}

export interface Consumption {
  /** Stops delivery. Resolves when no call of `take` is under way and none will follow. */
  stop(): Promise<void>;
}

/** `EventLog.knownEnds` returns ends that are at most this old. */
export const endsAgeMaxMs = 10_000;

/**
 * The one published log, `readership.events`.
 *
 * - `publish` stores the records in order, durable when it resolves, and moves the lane to `to`. When the lane is no
 *   longer at `from`, it resolves to `stale` and stores nothing new. After a crash it can only repeat the last records,
 *   at the same positions.
 * - Records are delivered at least once, in order per partition, to every group, from the offset that the consumer
 *   names.
 * - A record is kept for ever. If the log has lost records all the same, they can be published again.
 */
export abstract class EventLog {
  abstract readonly partitions: number;

  /** The most records that one call of `take` ever gets, even if the consumer's window is larger. */
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
   * Moves the lane back, so that a context's relays publish everything after `to` again, at the same positions. A
   * `publish` that is under way meanwhile does not move the lane. Resolves to the lane as it is then: a log that cannot
   * have lost anything leaves it where it is.
   */
  abstract moveBack(context: string, partition: number, to: Lane): Promise<Lane>;

  /**
   * By partition, the last record of a context that lies on the log beyond its lane. A crash between writing records
   * and moving the lane leaves such records; partitions without one are absent. Called at boot: a log may read all that
   * was published since the lane moved. Rejects with one line when the log is not fit to be the system of record.
   */
  abstract beyond(
    context: string,
  ): Promise<ReadonlyMap<number, { readonly position: Position; readonly id: string }>>;

  /**
   * For each context, the last position up to which its records in a partition follow one another without a gap.
   * Contexts without records are absent, which means 0.
   */
  abstract reach(partition: number): Promise<Readonly<Record<string, Position>>>;

  /** The last offset of each partition; 0 when it is empty. */
  abstract ends(): Promise<readonly number[]>;

  /**
   * The last known result of `ends`, without asking the log. At most `endsAgeMaxMs` old. `null` when it is not known:
   * the log is unavailable, or nobody in this process consumes it.
   */
  abstract knownEnds(): readonly number[] | null;

  /**
   * Counts the records of each context in a partition: all of them, and those of each type up to an offset. A record
   * that was published again counts once. A record that does not follow its context's last one does not count.
   */
  abstract account(
    partition: number,
    through?: number,
  ): Promise<readonly { readonly context: string; readonly type: string; readonly records: number }[]>;
}

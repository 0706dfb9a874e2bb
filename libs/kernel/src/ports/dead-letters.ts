/** A record as it lies on a topic that others write to. Headers are texts; of one that is repeated the first counts. */
export interface TopicRecord {
  /** In its partition, from 0. */
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Bytes that are not UTF-8 read as U+FFFD. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was sent, in milliseconds since 1970, as its sender or the broker says. */
  readonly timestamp: number;
}

/** The next records of one partition of a topic, in order. */
export interface TopicBatch {
  /** With the deployment's name. */
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly TopicRecord[];
}

/** What was sent to one partition of a topic and is neither taken nor parked yet. */
export interface TopicLag {
  /** With the deployment's name. */
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** When the first of them was sent, in milliseconds since 1970; `null` where this process has none of them in hand. */
  readonly sentAt: number | null;
}

/** A record that was not taken. */
export interface DeadLetter {
  /** The same however often the record is delivered. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly record: TopicRecord;
  /** Why, a stable code. */
  readonly reason: string;
  /** Who sent it, if that can be read. */
  readonly source: string | null;
}

/**
 * Where a deployment shows what it did not take to those who watch its topics. A notice: the record itself is kept in the
 * context's own store, from which it is listed and replayed.
 */
export abstract class DeadLetters {
  /** Everything is durable when it resolves; when it rejects, some may be. The same letter may be sent again. */
  abstract send(letters: readonly DeadLetter[]): Promise<void>;
}

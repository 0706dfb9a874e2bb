/** A record from a topic that other systems write to. Header values are texts; of a repeated header the first counts. */
export interface TopicRecord {
  /** The record's offset in its partition, from 0. */
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Bytes that are not UTF-8 become U+FFFD. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was sent, in milliseconds since 1970, according to its sender or the broker. */
  readonly timestamp: number;
}

/** The next records of one partition of a topic, in order. */
export interface TopicBatch {
  /** The topic's full name, with the deployment's namespace. */
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly TopicRecord[];
}

/** The records of one partition of a topic that are neither taken nor parked yet. */
export interface TopicLag {
  /** The topic's full name, with the deployment's namespace. */
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** When the first of them was sent, in milliseconds since 1970. `null` when this process holds none of them. */
  readonly sentAt: number | null;
}

/** A record that was not accepted. */
export interface DeadLetter {
  /** The same at every delivery of the record. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly record: TopicRecord;
  /** Why it was not accepted, a stable code. */
  readonly reason: string;
  /** Who sent it; `null` when that cannot be read. */
  readonly source: string | null;
}

/**
 * Tells those who watch a deployment's topics which records were not accepted. This is only a notice: the context keeps
 * the record in its own store, where it can be listed and replayed.
 */
export abstract class DeadLetters {
  /** Sends the letters. All are durable when it resolves; some may be when it rejects. The same letter may be sent again. */
  abstract send(letters: readonly DeadLetter[]): Promise<void>;
}

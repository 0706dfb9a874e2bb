import { Unavailable, type Position } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import type { KafkaConfig, KafkaMessage } from 'kafkajs';
import { KafkaGroup, type GroupFailed, type GroupTiming } from './kafka-group.js';
import { logUnavailable } from './log-unavailable.js';
import { PartitionCount, type Counted } from './partition-count.js';
import { decodeHead, UnreadableRecord, type RecordHead } from './record-codec.js';

export interface FollowerOptions {
  readonly kafka: KafkaConfig;
  readonly topic: string;
  readonly partitions: number;
  readonly timing: GroupTiming;
  /** Rejects when the log does not hold the records after an offset. */
  readonly notCut: (partition: number, offset: number) => Promise<void>;
  /** The end of a partition of the log now. */
  readonly high: (partition: number) => Promise<number>;
  readonly onError: GroupFailed;
}

const window = 5_000;
const idleMs = 10 * 60_000;
const stallMs = 30_000;
const listenMs = 1_000;

/** Reads the whole log to count its records, from the first request until nobody has asked for some time. */
export class LogFollower {
  private readonly counts: PartitionCount[];
  /** The end of the current answer of each partition. One at a time. */
  private readonly turns = new Map<number, Promise<unknown>>();
  private readonly listeners = new Set<() => void>();
  private group: KafkaGroup | null = null;
  private closed = false;
  private asked = 0;
  private idle: NodeJS.Timeout | undefined;
  private lastError: unknown;

  constructor(private readonly options: FollowerOptions) {
    this.counts = Array.from({ length: options.partitions }, () => new PartitionCount());
  }

  /** What the partition holds up to an offset that it has reached. Rejects when reading makes no progress. */
  account(partition: number, through: number, high: number): Promise<readonly Counted[]> {
    return this.inTurn(partition, () => this.answer(partition, through, high));
  }

  /** For each context, the last position up to which its records in the partition have no gap. */
  reach(partition: number, high: number): Promise<Readonly<Record<string, Position>>> {
    return this.inTurn(partition, async () => {
      await this.answer(partition, high, high);
      return this.counts[partition]!.reach;
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.rest();
  }

  private async inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const before = this.turns.get(partition) ?? Promise.resolve();
    const answer = before.then(work);
    this.turns.set(
      partition,
      answer.catch(() => {}),
    );
    return answer;
  }

  private async answer(partition: number, through: number, high: number): Promise<readonly Counted[]> {
    const known = this.counts[partition];
    if (!known) throw new RangeError(`there is no partition ${partition}`);
    const count = known.offset > high ? await this.stillThere(partition, known) : known;
    this.asked++;
    clearTimeout(this.idle);
    try {
      await this.read(partition, () => !count.rereads && count.offset >= through);
      const sums = count.through(through);
      if (sums !== null) return sums;
      this.group?.restart(this.options.topic, partition);
      await this.read(partition, () => !count.rereads);
      return count.through(through) ?? [];
    } finally {
      if (--this.asked === 0) this.idle = setTimeout(() => void this.rest(), idleMs).unref();
    }
  }

  /** Counts from the beginning again when the log is shorter than what was counted, because it is then another log. */
  private async stillThere(partition: number, known: PartitionCount): Promise<PartitionCount> {
    const { offset } = known;
    if ((await this.options.high(partition)) >= offset) return known;
    const count = new PartitionCount();
    this.counts[partition] = count;
    this.group?.restart(this.options.topic, partition);
    return count;
  }

  /** Resolves when the partition was read far enough. */
  private async read(partition: number, enough: () => boolean): Promise<void> {
    const count = this.counts[partition]!;
    let place = count.readFrom;
    for (let since = performance.now(); !enough();) {
      if (this.closed) throw new Unavailable('LOG_UNAVAILABLE', 'closed');
      this.group ??= this.follow();
      await this.news();
      if (count.readFrom !== place) since = performance.now();
      else if (performance.now() - since > stallMs) {
        const reason = logUnavailable(this.lastError);
        if (reason instanceof Unavailable) throw reason;
        if (reason === undefined)
          throw new Unavailable('LOG_UNAVAILABLE', `nothing read within ${stallMs} ms`);
        throw new Error(`${this.options.topic}/${partition} cannot be counted`, { cause: this.lastError });
      }
      place = count.readFrom;
    }
  }

  private follow(): KafkaGroup {
    const { kafka, topic, timing, notCut, onError } = this.options;
    const group: KafkaGroup = new KafkaGroup(
      kafka,
      {
        group: `${topic}.account.${randomUUID()}`,
        topics: [topic],
        window,
        start: async (_, partition) => {
          const from = this.counts[partition]!.readFrom;
          await notCut(partition, from);
          return from;
        },
        take: async (_, partition, messages) => this.take(group, partition, messages),
        failed: (error, where) => {
          this.lastError = error;
          onError(error, where);
        },
      },
      timing,
    );
    group.join();
    return group;
  }

  private take(group: KafkaGroup, partition: number, messages: readonly KafkaMessage[]): void {
    const count = this.counts[partition]!;
    const { rereads } = count;
    for (const message of messages) count.count(Number(message.offset) + 1, headOf(message));
    // The chunk was read again; reading continues where it stopped before.
    if (rereads && !count.rereads) group.restart(this.options.topic, partition);
    for (const heard of this.listeners) heard();
  }

  private async news(): Promise<void> {
    await new Promise<void>((resolve) => {
      const heard = (): void => {
        clearTimeout(timer);
        this.listeners.delete(heard);
        resolve();
      };
      const timer = setTimeout(heard, listenMs);
      this.listeners.add(heard);
    });
  }

  private async rest(): Promise<void> {
    clearTimeout(this.idle);
    const { group } = this;
    this.group = null;
    for (const heard of this.listeners) heard();
    await group?.stop();
  }
}

/** The head of a record. An unreadable record halts whoever needs it, but the others are still counted. */
function headOf(message: KafkaMessage): RecordHead | null {
  try {
    return decodeHead(message);
  } catch (error) {
    if (error instanceof UnreadableRecord) return null;
    throw error;
  }
}

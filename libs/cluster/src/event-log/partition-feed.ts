import type { KafkaMessage } from 'kafkajs';
import { LogCut } from './log-cut.js';

/** The fetching of one partition by one consumer. */
export interface Fetching {
  /** Fetches nothing until `resume`. */
  pause(): void;
  /** Fetches again, from `offset` when it is given, else from where it was. */
  resume(offset?: number): void;
}

/** Takes the records of one partition. Offsets are Kafka's: they count from 0, and an offset names the next record. */
export interface FeedConsumer {
  readonly window: number;
  start(): Promise<number>;
  take(messages: readonly KafkaMessage[]): Promise<void>;
  failed(error: unknown): void;
  /** The partition was revoked, and no call is under way. */
  revoked?(): void;
}

/** The most bytes that one call gets, unless the first record alone is larger. */
const windowBytesMax = 8 * 1024 * 1024;
const pauseMinMs = 50;
const pauseMaxMs = 5_000;

/**
 * Buffers what is fetched of a partition and gives it to the consumer. At most one call is under way, even over
 * rebalances: a turn begins when the calls of the turn before have ended. The buffer holds less than a window, in
 * records and in bytes, plus one fetch.
 */
export class PartitionFeed {
  /** Counts how often the partition was assigned or revoked. What an older turn still holds is void. */
  private turn = 0;
  private running: Promise<void> = Promise.resolve();
  private fetching: Fetching | null = null;
  private queue: KafkaMessage[] = [];
  /** Size of the queue. */
  private bytes = 0;
  /** Where the next fetch must begin; `null` while that is not known. */
  private next: number | null = null;
  private misplaced = false;
  private fault: Error | null = null;
  private full = false;
  private news: () => void = () => {};
  private roomy: () => void = () => {};

  constructor(private readonly consumer: FeedConsumer) {}

  /** Call it when the partition is assigned. Delivery begins where `start` says. */
  begin(fetching: Fetching): void {
    this.leave();
    fetching.pause();
    const turn = this.turn;
    this.running = this.running.then(() => this.run(turn, fetching)).finally(() => this.consumer.revoked?.());
  }

  /** Call it when the partition is revoked. No new call begins. */
  leave(): void {
    this.turn++;
    this.forget();
  }

  /** Resolves when no call is under way, after `leave`. */
  ended(): Promise<void> {
    return this.running;
  }

  /**
   * Buffers what was fetched from `at` up to before `next`. Returns false when it does not follow what was fetched
   * before.
   */
  accept(at: number, next: number, messages: readonly KafkaMessage[]): boolean {
    if (this.next === null) return false;
    if (at !== this.next) {
      // One fetch from a wrong offset is answered with a seek. When the offset is wrong again, `start` is asked.
      if (this.misplaced) this.fault = new Error(`fetched at ${at} instead of ${this.next}`);
      else this.fetching?.resume(this.next);
      this.misplaced = true;
      this.news();
      return false;
    }
    this.misplaced = false;
    this.next = next;
    for (const message of messages) {
      this.queue.push(message);
      this.bytes += bytesOf(message);
    }
    this.news();
    return true;
  }

  /** Resolves when there is room for another fetch. When there is none after `ms`, fetching pauses until there is. */
  async room(ms: number): Promise<void> {
    if (!this.filled) return;
    const turn = this.turn;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.roomy = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.turn !== turn || this.next === null || !this.filled) return;
    this.full = true;
    this.fetching?.pause();
  }

  private async run(turn: number, fetching: Fetching): Promise<void> {
    let pauseMs = 0;
    while (this.turn === turn) {
      try {
        const offset = await this.consumer.start();
        if (this.turn !== turn) return;
        this.forget();
        this.next = offset;
        this.fetching = fetching;
        fetching.resume(offset);
        for (;;) {
          const window = await this.window(turn);
          if (this.turn !== turn) return;
          this.drained();
          await this.consumer.take(window);
          pauseMs = 0;
        }
      } catch (error) {
        if (this.turn !== turn) return;
        this.forget();
        fetching.pause();
        pauseMs =
          error instanceof LogCut ? pauseMaxMs : Math.min(Math.max(pauseMinMs, pauseMs * 2), pauseMaxMs);
        this.consumer.failed(error);
        await this.pause(turn, pauseMs);
      }
    }
  }

  /** Waits for records and returns the next window. */
  private async window(turn: number): Promise<readonly KafkaMessage[]> {
    while (this.turn === turn && this.queue.length === 0 && this.fault === null) {
      await new Promise<void>((resolve) => (this.news = resolve));
    }
    if (this.queue.length === 0 && this.fault !== null) throw this.fault;
    let count = 0;
    let bytes = 0;
    for (const message of this.queue) {
      if (count === this.consumer.window || (count > 0 && bytes + bytesOf(message) > windowBytesMax)) break;
      bytes += bytesOf(message);
      count++;
    }
    this.bytes -= bytes;
    return this.queue.splice(0, count);
  }

  private get filled(): boolean {
    return this.queue.length >= this.consumer.window || this.bytes >= windowBytesMax;
  }

  private drained(): void {
    if (this.filled) return;
    this.roomy();
    if (!this.full) return;
    this.full = false;
    this.fetching?.resume();
  }

  private async pause(turn: number, ms: number): Promise<void> {
    if (this.turn !== turn) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.news = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private forget(): void {
    this.queue = [];
    this.bytes = 0;
    this.next = null;
    this.fetching = null;
    this.misplaced = false;
    this.fault = null;
    this.full = false;
    this.news();
    this.roomy();
  }
}

function bytesOf({ key, value, headers }: KafkaMessage): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, repeated] of Object.entries(headers ?? {})) {
    for (const text of Array.isArray(repeated) ? repeated : [repeated])
      bytes += name.length + (text?.length ?? 0);
  }
  return bytes;
}

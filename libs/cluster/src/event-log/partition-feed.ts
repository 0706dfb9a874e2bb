import type { KafkaMessage } from 'kafkajs';
import { LogCut } from './log-cut.js';

/** The fetching of one partition by one consumer. */
export interface Tap {
  /** Fetches nothing more until it is opened. */
  close(): void;
  /** Fetches again, from `offset` when one is given, else from where it was. */
  open(offset?: number): void;
}

/** Takes the records of one partition. Offsets are Kafka's: from 0, each that of the next record. */
export interface Taking {
  readonly window: number;
  start(): Promise<number>;
  take(messages: readonly KafkaMessage[]): Promise<void>;
  failed(error: unknown): void;
}

/** A call gets no more than this either, unless the first record alone is larger. */
const windowBytesMax = 8 * 1024 * 1024;
const pauseMinMs = 50;
const pauseMaxMs = 5_000;

/**
 * Stands between what is fetched and who takes it. A call is under way at most once, also over rebalances: a turn
 * begins when the calls of the one before have ended. It holds less than a window, in records and
 * in bytes, and one fetch.
 */
export class PartitionFeed {
  /** Counts how often the partition was given or taken away: what an older turn still has in hand is void. */
  private turn = 0;
  private running: Promise<void> = Promise.resolve();
  private tap: Tap | null = null;
  private queue: KafkaMessage[] = [];
  /** Of the queue. */
  private bytes = 0;
  /** Where the next fetch must begin; null while the place is not known. */
  private next: number | null = null;
  private misplaced = false;
  private fault: Error | null = null;
  private full = false;
  private news: () => void = () => {};
  private roomy: () => void = () => {};

  constructor(private readonly taking: Taking) {}

  /** The partition is given: delivery begins where `start` says. */
  begin(tap: Tap): void {
    this.leave();
    tap.close();
    const turn = this.turn;
    this.running = this.running.then(() => this.run(turn, tap));
  }

  /** The partition is taken away: no call begins any more. */
  leave(): void {
    this.turn++;
    this.forget();
  }

  /** Resolves when no call is under way, after `leave`. */
  ended(): Promise<void> {
    return this.running;
  }

  /** Takes over what was fetched at `at`, up to before `next`; false when it does not go on from what was fetched before. */
  accept(at: number, next: number, messages: readonly KafkaMessage[]): boolean {
    if (this.next === null) return false;
    if (at !== this.next) {
      // One stray fetch is answered by a seek; when the place stays wrong, `start` has to judge.
      if (this.misplaced) this.fault = new Error(`fetched at ${at} instead of ${this.next}`);
      else this.tap?.open(this.next);
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

  /** Resolves when there is room for another fetch; when there is none after `ms`, fetching rests until there is. */
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
    this.tap?.close();
  }

  private async run(turn: number, tap: Tap): Promise<void> {
    let pauseMs = 0;
    while (this.turn === turn) {
      try {
        const offset = await this.taking.start();
        if (this.turn !== turn) return;
        this.forget();
        this.next = offset;
        this.tap = tap;
        tap.open(offset);
        for (;;) {
          const window = await this.window(turn);
          if (this.turn !== turn) return;
          this.drained();
          await this.taking.take(window);
          pauseMs = 0;
        }
      } catch (error) {
        if (this.turn !== turn) return;
        this.forget();
        tap.close();
        pauseMs =
          error instanceof LogCut ? pauseMaxMs : Math.min(Math.max(pauseMinMs, pauseMs * 2), pauseMaxMs);
        this.taking.failed(error);
        await this.pause(turn, pauseMs);
      }
    }
  }

  /** The next records, once there are some. */
  private async window(turn: number): Promise<readonly KafkaMessage[]> {
    while (this.turn === turn && this.queue.length === 0 && this.fault === null) {
      await new Promise<void>((resolve) => (this.news = resolve));
    }
    if (this.queue.length === 0 && this.fault !== null) throw this.fault;
    let count = 0;
    let bytes = 0;
    for (const message of this.queue) {
      if (count === this.taking.window || (count > 0 && bytes + bytesOf(message) > windowBytesMax)) break;
      bytes += bytesOf(message);
      count++;
    }
    this.bytes -= bytes;
    return this.queue.splice(0, count);
  }

  private get filled(): boolean {
    return this.queue.length >= this.taking.window || this.bytes >= windowBytesMax;
  }

  private drained(): void {
    if (this.filled) return;
    this.roomy();
    if (!this.full) return;
    this.full = false;
    this.tap?.open();
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
    this.tap = null;
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

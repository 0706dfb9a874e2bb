import { Unavailable, type LoopReport } from '@readership/kernel';
import type { Consumer, EachBatchPayload, KafkaConfig, KafkaMessage } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { kafkaClient } from './kafka-client.js';
import { logUnavailable } from './log-unavailable.js';
import { LostPlace, lostPlace } from './lost-place.js';
import { PartitionFeed, type Fetching } from './partition-feed.js';

/** Called with an error. The partition, or the whole membership when no partition is given, is retried after a pause. */
export type GroupFailed = (
  error: unknown,
  where: { readonly group: string; readonly topic?: string; readonly partition?: number },
) => void;

export interface GroupTiming {
  readonly heartbeatMs: number;
  /** A member without a heartbeat for this long loses its partitions. The broker sets bounds, by default 6 s to 30 min. */
  readonly sessionMs: number;
  readonly rebalanceMs: number;
  /** How long a fetch waits for new records. A paused partition may also wait this long until it is fetched again. */
  readonly fetchWaitMs: number;
}

/** Ten heartbeats a session, and two sessions for all members to rejoin. */
export function timingOf(sessionMs: number): GroupTiming {
  return {
    heartbeatMs: Math.round(sessionMs / 10),
    sessionMs,
    rebalanceMs: 2 * sessionMs,
    fetchWaitMs: 1_000,
  };
}

export const usualTiming: GroupTiming = timingOf(30_000);

/**
 * Takes the records of topics together with other members of the group. Offsets are Kafka's: they count from 0, and an
 * offset names the next record.
 */
export interface GroupMember {
  readonly group: string;
  readonly topics: readonly string[];
  /** The most records that one call of `take` gets. */
  readonly window: number;
  /** The offset at which to begin. Called whenever a partition is assigned to this member, and after each failure. */
  start(topic: string, partition: number): Promise<number>;
  /** Takes the next records, in order, one call at a time per partition. The list is never empty. */
  take(topic: string, partition: number, messages: readonly KafkaMessage[]): Promise<void>;
  readonly failed: GroupFailed;
  /** Called when the partition is no longer assigned to this member and no call is under way for it. */
  revoked?(topic: string, partition: number): void;
  /** The report of the membership. It succeeds with each heartbeat. */
  readonly report?: LoopReport | undefined;
}

const partitionBytesMax = 1024 * 1024;
const partitionsAtOnce = 64;
const hintMs = 1_000;
const leaveMs = 5_000;
const rejoinMinMs = 50;
const rejoinMaxMs = 5_000;
const retry = { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 };

/**
 * One member of a Kafka consumer group. Partitions are independent: a slow or failing `take` delays its partition
 * alone, and the membership is kept meanwhile. A partition can have two owners for a moment, because a member learns
 * late of a rebalance. So what `take` writes must be fenced or repeatable.
 */
export class KafkaGroup {
  private readonly feeds = new Map<string, PartitionFeed>();
  private readonly leaving = new AbortController();
  private readonly hints = new Map<string, { topic: string; partition: number; offset: string }>();
  private hintTimer: NodeJS.Timeout | undefined;
  private consumer: Consumer | null = null;
  private rejoinMs = 0;
  private membership: Promise<void> = Promise.resolve();

  constructor(
    private readonly kafka: KafkaConfig,
    private readonly member: GroupMember,
    private readonly timing: GroupTiming = usualTiming,
  ) {}

  /** Joins, and joins again whenever the membership is lost. Call it once. */
  join(): void {
    this.membership = this.stayMember();
  }

  /** Leaves the group. Resolves when no call of `take` is under way and none will follow. */
  async stop(): Promise<void> {
    this.leaving.abort();
    await this.membership;
  }

  /** Calls `start` again for this partition, and drops what was fetched of it. */
  restart(topic: string, partition: number): void {
    const { consumer } = this;
    if (consumer) this.feeds.get(keyOf(topic, partition))?.begin(this.fetching(consumer, topic, partition));
  }

  /** Commits `offset` as the place where the group begins. Rejects when this member has lost its place in the group. */
  async commit(topic: string, partition: number, offset: number): Promise<void> {
    if (!this.consumer) throw new LostPlace(`${this.member.group} has no connection to commit on`);
    await this.consumer.commitOffsets([{ topic, partition, offset: String(offset) }]);
  }

  /** Commits the offset soon, for lag monitoring only; errors are ignored. */
  hint(topic: string, partition: number, offset: number): void {
    this.hints.set(keyOf(topic, partition), { topic, partition, offset: String(offset) });
    this.hintTimer ??= setTimeout(() => void this.giveHints(), hintMs).unref();
  }

  private async stayMember(): Promise<void> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      const error = await this.session();
      if (signal.aborted) break;
      this.rejoinMs = Math.min(Math.max(rejoinMinMs, this.rejoinMs * 2), rejoinMaxMs);
      this.member.report?.failed(logUnavailable(error));
      this.member.failed(logUnavailable(lostPlace(error)), { group: this.member.group });
      await pause(this.rejoinMs, undefined, { signal }).catch(() => {});
    }
    this.member.report?.ended();
    await this.allEnded();
  }

  /** One connection, from joining until it is lost or this member leaves. Resolves to the error that ended it. */
  private async session(): Promise<unknown> {
    const { signal } = this.leaving;
    const { heartbeatMs, sessionMs, rebalanceMs, fetchWaitMs } = this.timing;
    const consumer = kafkaClient(this.kafka).consumer({
      groupId: this.member.group,
      heartbeatInterval: heartbeatMs,
      sessionTimeout: sessionMs,
      rebalanceTimeout: rebalanceMs,
      maxWaitTimeInMs: fetchWaitMs,
      maxBytesPerPartition: partitionBytesMax,
      allowAutoTopicCreation: false,
      // A consumer that crashed is replaced here. Letting it restart itself would be a second mechanism.
      retry: { ...retry, restartOnFailure: async () => false },
    });
    let end: (error: unknown) => void = () => {};
    const broken = new Promise<unknown>((resolve) => (end = resolve));
    signal.addEventListener('abort', end);
    // A consumer that is given up may go on for a while, and must not be heard any more.
    const off = [
      consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error)),
      consumer.on(consumer.events.REQUEST_TIMEOUT, ({ payload }) =>
        end(new Unavailable('LOG_UNAVAILABLE', `no answer to ${payload.apiName}`)),
      ),
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
        this.given(consumer, payload.memberAssignment),
      ),
      consumer.on(consumer.events.HEARTBEAT, () => this.member.report?.succeeded()),
      consumer.on(consumer.events.REBALANCING, () => this.leaveAll()),
    ];
    const running = this.run(consumer);
    try {
      return await Promise.race([broken, running.then(() => broken)]);
    } catch (error) {
      return error;
    } finally {
      signal.removeEventListener('abort', end);
      for (const unhear of off) unhear();
      this.leaveAll();
      // Leaves only when no call is under way, so that the next owner begins after what was taken.
      if (signal.aborted) await this.allEnded();
      await this.giveHints();
      this.consumer = null;
      // A consumer that is stopped while it joins would still join and keep its partitions.
      const gone = running.catch(() => {}).then(() => consumer.disconnect());
      await Promise.race([gone.catch(() => {}), pause(leaveMs, undefined, { ref: false })]);
    }
  }

  private async run(consumer: Consumer): Promise<void> {
    await consumer.connect();
    if (this.leaving.signal.aborted) return;
    await consumer.subscribe({ topics: [...this.member.topics], fromBeginning: true });
    if (this.leaving.signal.aborted) return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitionsAtOnce,
      eachBatch: async (payload) => {
        if (this.consumer === consumer) await this.fetched(payload);
      },
    });
  }

  private async fetched({ batch, resolveOffset, isStale }: EachBatchPayload): Promise<void> {
    const feed = this.feeds.get(keyOf(batch.topic, batch.partition));
    if (!feed || isStale()) return;
    // The fetch's own offset, because its first record may have a higher one: control records and compaction leave holes.
    const { fetchedOffset } = batch as typeof batch & { readonly fetchedOffset: string };
    const last = batch.lastOffset();
    if (!feed.accept(Number(fetchedOffset), Number(last) + 1, batch.messages)) return;
    resolveOffset(last);
    await feed.room(this.timing.fetchWaitMs);
  }

  private given(consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void {
    this.leaveAll();
    if (this.leaving.signal.aborted) return;
    this.consumer = consumer;
    this.rejoinMs = 0;
    this.member.report?.succeeded();
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) {
        this.feed(topic, partition).begin(this.fetching(consumer, topic, partition));
      }
    }
  }

  private feed(topic: string, partition: number): PartitionFeed {
    const key = keyOf(topic, partition);
    let feed = this.feeds.get(key);
    if (!feed) {
      const { group, window, failed } = this.member;
      feed = new PartitionFeed({
        window,
        start: () => this.member.start(topic, partition),
        take: (messages) => this.member.take(topic, partition, messages),
        failed: (error) => failed(lostPlace(error), { group, topic, partition }),
        revoked: () => this.member.revoked?.(topic, partition),
      });
      this.feeds.set(key, feed);
    }
    return feed;
  }

  private fetching(consumer: Consumer, topic: string, partition: number): Fetching {
    const which = [{ topic, partitions: [partition] }];
    return {
      pause: () => {
        try {
          consumer.pause(which);
        } catch {
          // A consumer that has left rejects, and fetches nothing anyway.
        }
      },
      resume: (offset) => {
        if (offset !== undefined) consumer.seek({ topic, partition, offset: String(offset) });
        consumer.resume(which);
      },
    };
  }

  private async giveHints(): Promise<void> {
    clearTimeout(this.hintTimer);
    this.hintTimer = undefined;
    const hints = [...this.hints.values()];
    this.hints.clear();
    if (hints.length === 0) return;
    await Promise.race([
      this.consumer?.commitOffsets(hints).catch(() => {}),
      pause(hintMs, undefined, { ref: false }),
    ]);
  }

  private leaveAll(): void {
    for (const feed of this.feeds.values()) feed.leave();
  }

  private async allEnded(): Promise<void> {
    await Promise.all([...this.feeds.values()].map((feed) => feed.ended()));
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

import { BaseRpcContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import {
  reported,
  Unavailable,
  type LoopReport,
  type TopicBatch,
  type TopicLag,
  type TopicRecord,
} from '@readership/kernel';
import type { KafkaConfig, KafkaMessage } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { KafkaGroup, usualTiming, type GroupFailed, type GroupTiming } from './kafka-group.js';
import { KafkaQuestions } from './kafka-questions.js';

/** The messages of topics: `@EventPattern<TopicBatches>('<topic>')` checks the handler's type. */
export type TopicBatches = Record<string, TopicBatch>;

export interface KafkaTransportOptions {
  readonly kafka: KafkaConfig;
  readonly group: string;
  /** Prefix of each topic, before a dot; handlers name the rest. Without it handlers name the whole topic. */
  readonly namespace?: string;
  /**
   * Rejects when one of the topics is not fit to be consumed; then the application does not start. Rejects with
   * `Unavailable` when no broker answers; then the application starts, and consumes as soon as one answers.
   */
  readonly check?: (topics: readonly string[]) => Promise<void>;
  /** The most records of a batch; 500 by default. */
  readonly window?: number;
  readonly timing?: GroupTiming;
  readonly onError?: GroupFailed;
  /** Where it reports the outcome of its steps. */
  readonly report?: (loop: string, partition?: number) => LoopReport;
}

const backoffMs = { first: 500, most: 10_000 } as const;
/** The longest that a boot waits for the first check. */
const firstCheckMs = 5_000;
const unheard: LoopReport = { began() {}, succeeded() {}, failed() {}, ended() {} };

/**
 * Lets a Nest application consume topics. An `@EventPattern('<topic>')` handler is called with one `TopicBatch` at a
 * time. Delivery is at least once: the group's offset moves after the handler has resolved. When it rejects, its
 * partition pauses, longer each time up to five seconds, and the batch is delivered again.
 */
export class KafkaTransport extends Server implements CustomTransportStrategy {
  /** A failed handler gets the batch again, so Nest need not report the error. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly questions: KafkaQuestions;
  private group: KafkaGroup | null = null;
  private topics: readonly string[] = [];
  private readonly closing = new AbortController();
  /** The first record of each partition's current batch. */
  private readonly inHand = new Map<string, TopicRecord>();

  constructor(private readonly options: KafkaTransportOptions) {
    super();
    this.questions = new KafkaQuestions(options.kafka);
  }

  listen(callback: (error?: unknown) => void): void {
    const handlers = [...this.getHandlers()];
    const asking = handlers.filter(([, handler]) => !handler.isEventHandler).map(([pattern]) => pattern);
    if (asking.length > 0) return callback(new Error(`topics give no answers: ${asking.join(', ')}`));
    if (handlers.length === 0) return callback();
    const topics = handlers.map(([pattern]) => this.topicOf(pattern));
    let isTold = false;
    void this.joinWhenFit(topics, (error) => {
      if (!isTold) callback(error);
      isTold = true;
    });
  }

  /**
   * Reports the first outcome to `first`: fit, unfit, or unavailable. A topic that is found unfit later is checked
   * again.
   */
  private async joinWhenFit(topics: readonly string[], first: (error?: unknown) => void): Promise<void> {
    const { check, group, onError } = this.options;
    const { signal } = this.closing;
    const report = this.report(`listening to ${topics.join(', ')}`);
    let isFirst = true;
    const begun = (): void => {
      isFirst = false;
      first();
    };
    const late = setTimeout(begun, firstCheckMs);
    for (let delayMs: number = backoffMs.first; !signal.aborted;) {
      try {
        await reported(report, async () => check?.(topics));
        clearTimeout(late);
        report.ended();
        if (!signal.aborted) this.join(topics);
        return begun();
      } catch (error) {
        clearTimeout(late);
        if (isFirst && !(error instanceof Unavailable)) return first(error);
        begun();
        onError?.(error, { group });
      }
      await pause(delayMs, undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, backoffMs.most);
    }
  }

  private join(topics: readonly string[]): void {
    const { kafka, group: name, window = 500, timing = usualTiming, onError } = this.options;
    const reports = new Map<string, LoopReport>();
    const reportOf = (topic: string, partition: number, step: 'start' | 'take'): LoopReport => {
      const key = `${topic}/${partition} ${step}`;
      const known = reports.get(key) ?? this.report(`consumer ${topic}`, partition);
      reports.set(key, known);
      return known;
    };
    const group = new KafkaGroup(
      kafka,
      {
        group: name,
        topics,
        window,
        start: (topic, partition) =>
          reported(reportOf(topic, partition, 'start'), () => this.start(topic, partition)),
        take: (topic, partition, messages) =>
          reported(reportOf(topic, partition, 'take'), async () => {
            const records = messages.map(recordOf);
            this.inHand.set(`${topic}/${partition}`, records[0]!);
            await this.handle({ topic, partition, records });
            await group.commit(topic, partition, records.at(-1)!.offset + 1);
            this.inHand.delete(`${topic}/${partition}`);
          }),
        failed: (error, where) => onError?.(error, where),
        report: this.report(`consumer ${topics.join(', ')}`),
      },
      timing,
    );
    this.group = group;
    this.topics = topics;
    group.join();
  }

  /** The lag of all consumed topics, whichever process consumes the partition; empty when there are none. */
  async lag(): Promise<readonly TopicLag[]> {
    const all = this.topics.map(async (topic) => {
      const standings = await this.questions.standing(this.options.group, topic);
      return standings.map(({ partition, low, high, committed }) => {
        const next = Math.min(high, Math.max(low, committed ?? low));
        const first = this.inHand.get(`${topic}/${partition}`);
        // A record that was held when the partition moved to another process has been taken there meanwhile.
        const sentAt = first && first.offset >= next ? first.timestamp : null;
        return { topic, partition, records: high - next, sentAt };
      });
    });
    return (await Promise.all(all)).flat();
  }

  /** Stops consuming. Resolves when no handler runs and none will be called. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.group?.stop();
    await this.questions.close();
  }

  /** Does nothing: the connection has no events, and errors go to `onError`. */
  on(): void {}

  unwrap<T>(): T {
    return this.group as T;
  }

  /**
   * The group's committed offset. The oldest record of the topic when it has none, or when nothing is stored there any
   * more.
   */
  private async start(topic: string, partition: number): Promise<number> {
    const committed = await this.questions.committed(this.options.group, topic, partition);
    const { low, high } = (await this.questions.bounds(topic, [partition]))[0]!;
    return committed === null || committed < low || committed > high ? low : committed;
  }

  private report(loop: string, partition?: number): LoopReport {
    return this.options.report?.(loop, partition) ?? unheard;
  }

  private topicOf(pattern: string): string {
    const { namespace } = this.options;
    return namespace === undefined ? pattern : `${namespace}.${pattern}`;
  }

  /** Calls the first handler only, because Nest follows the chain of a topic's handlers itself. */
  private async handle(batch: TopicBatch): Promise<void> {
    const handler = [...this.getHandlers()].find(([pattern]) => this.topicOf(pattern) === batch.topic)?.[1];
    if (!handler) throw new Error(`nothing handles ${batch.topic}`);
    const answer = this.transformToObservable(
      handler(batch, new BaseRpcContext([batch.topic, batch.partition])),
    );
    await new Promise<void>((resolve, reject) => {
      answer.subscribe({ error: reject, complete: resolve });
    });
  }
}

function recordOf({ offset, key, value, headers, timestamp }: KafkaMessage): TopicRecord {
  return {
    offset: Number(offset),
    key,
    value,
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).flatMap(([name, repeated]) => {
        const [first] = Array.isArray(repeated) ? repeated : [repeated];
        // A header without a value is possible on the wire, whatever the client's types say.
        return first === undefined || first === null ? [] : [[name, first.toString()]];
      }),
    ),
    timestamp: Number(timestamp),
  };
}

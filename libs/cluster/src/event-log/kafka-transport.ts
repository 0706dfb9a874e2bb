import { BaseRpcContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { TopicBatch, TopicLag, TopicRecord } from '@readership/kernel';
import type { KafkaConfig, KafkaMessage } from 'kafkajs';
import { KafkaGroup, usualTiming, type GroupFailed, type GroupTiming } from './kafka-group.js';
import { KafkaQuestions } from './kafka-questions.js';

/** What comes by topic: `@EventPattern<TopicBatches>('<topic>')` checks the handler. */
export type TopicBatches = Record<string, TopicBatch>;

export interface KafkaTransportOptions {
  readonly kafka: KafkaConfig;
  readonly group: string;
  /** Begins the name of each topic, before a dot: handlers name the rest. Absent: they name the whole. */
  readonly namespace?: string;
  /** Rejects when one of the topics is not fit to be listened to; the application does not start then. */
  readonly check?: (topics: readonly string[]) => Promise<void>;
  /** The most records of a batch; 500 by default. */
  readonly window?: number;
  readonly timing?: GroupTiming;
  readonly onError?: GroupFailed;
}

/**
 * Lets a Nest application listen to topics: an `@EventPattern('<topic>')` handler is called with one `TopicBatch` at a time. At least once: the group's offset moves after the handler
 * has resolved. When it throws, its partition rests, longer each time up to five seconds, and the batch comes again.
 */
export class KafkaTransport extends Server implements CustomTransportStrategy {
  /** A handler's failure is answered here by delivering again, so Nest need not report it. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly questions: KafkaQuestions;
  private group: KafkaGroup | null = null;
  private topics: readonly string[] = [];
  /** The first record of the batch that each partition has in hand. */
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
    const checked = this.options.check?.(topics) ?? Promise.resolve();
    void checked.then(() => this.join(topics)).then(() => callback(), callback);
  }

  private join(topics: readonly string[]): void {
    const { kafka, group: name, window = 500, timing = usualTiming, onError } = this.options;
    const group = new KafkaGroup(
      kafka,
      {
        group: name,
        topics,
        window,
        start: (topic, partition) => this.start(topic, partition),
        take: async (topic, partition, messages) => {
          const records = messages.map(recordOf);
          this.inHand.set(`${topic}/${partition}`, records[0]!);
          await this.handle({ topic, partition, records });
          await group.commit(topic, partition, records.at(-1)!.offset + 1);
          this.inHand.delete(`${topic}/${partition}`);
        },
        failed: (error, where) => onError?.(error, where),
      },
      timing,
    );
    this.group = group;
    this.topics = topics;
    group.join();
  }

  /** What waits on the topics that are listened to, whichever process takes it; nothing when there are none. */
  async lag(): Promise<readonly TopicLag[]> {
    const all = this.topics.map(async (topic) => {
      const standings = await this.questions.standing(this.options.group, topic);
      return standings.map(({ partition, low, high, committed }) => {
        const next = Math.min(high, Math.max(low, committed ?? low));
        const first = this.inHand.get(`${topic}/${partition}`);
        // One that was in hand when the partition went to another process has been taken there meanwhile.
        const sentAt = first && first.offset >= next ? first.timestamp : null;
        return { topic, partition, records: high - next, sentAt };
      });
    });
    return (await Promise.all(all)).flat();
  }

  /** Resolves when no handler runs and none will be called. */
  async close(): Promise<void> {
    await this.group?.stop();
    await this.questions.close();
  }

  /** There are no events of the connection to listen to: what fails is told to `onError`. */
  on(): void {}

  unwrap<T>(): T {
    return this.group as T;
  }

  /** Where the group stands; the oldest record of the topic when it stands nowhere, or where nothing is any more. */
  private async start(topic: string, partition: number): Promise<number> {
    const committed = await this.questions.committed(this.options.group, topic, partition);
    const { low, high } = (await this.questions.bounds(topic, [partition]))[0]!;
    return committed === null || committed < low || committed > high ? low : committed;
  }

  private topicOf(pattern: string): string {
    const { namespace } = this.options;
    return namespace === undefined ? pattern : `${namespace}.${pattern}`;
  }

  /** Calls the head handler only: Nest follows the chain of a topic's handlers itself. */
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
        // One without a value is there on the wire, whatever the client's types say.
        return first === undefined || first === null ? [] : [[name, first.toString()]];
      }),
    ),
    timestamp: Number(timestamp),
  };
}

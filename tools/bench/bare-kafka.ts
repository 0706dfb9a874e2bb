import { Partitioners, type Kafka, type KafkaMessage, type Message } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { perSecond } from './measure.js';
import { within } from './within.js';

const messagesPerSend = 100;
const partitionBytesMax = 1024 * 1024;
const wholeMs = 120_000;

/**
 * Sends the messages into their partitions, in sends of 100, one at a time per partition, to all in-sync replicas with
 * an idempotent producer. Resolves to messages per second. The topic must be empty.
 */
export async function send(
  kafka: Kafka,
  topic: string,
  messages: readonly (readonly KafkaMessage[])[],
): Promise<number> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const lane = async (partition: number, all: readonly Message[]): Promise<void> => {
    for (let at = 0; at < all.length; at += messagesPerSend) {
      await producer.send({
        topic,
        acks: -1,
        messages: all.slice(at, at + messagesPerSend).map((message) => ({ ...message, partition })),
      });
    }
  };
  const sendable = messages.map((all) =>
    all.map(({ key, value, headers = {} }): Message => ({ key, value, headers })),
  );
  try {
    // Connection and sequence numbers exist before the clock runs.
    await producer.send({ topic, acks: -1, messages: [{ value: 'first', partition: 0 }] });
    const count = sendable.reduce((sum, all) => sum + all.length, 0);
    return await perSecond(count, async () => {
      await within(wholeMs, 'sending', Promise.all(sendable.map((all, partition) => lane(partition, all))));
    });
  } finally {
    await producer.disconnect();
  }
}

/** Reads a topic to its end as a new group. */
export async function consume(
  kafka: Kafka,
  options: {
    readonly topic: string;
    readonly group: string;
    readonly partitions: number;
    readonly count: number;
  },
  take: (partition: number, messages: readonly KafkaMessage[]) => void,
): Promise<number> {
  const { topic, group, partitions, count } = options;
  const consumer = kafka.consumer({
    groupId: group,
    maxWaitTimeInMs: 250,
    maxBytesPerPartition: partitionBytesMax,
    allowAutoTopicCreation: false,
  });
  const clock = new Clock(count);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: partitions,
      eachBatch: async ({ batch }) => {
        clock.begin();
        take(batch.partition, batch.messages);
        clock.done(batch.messages.length);
      },
    });
    await within(wholeMs, 'consuming', clock.ended);
    return clock.perSecond();
  } finally {
    await Promise.race([consumer.disconnect(), pause(5_000, undefined, { ref: false })]);
  }
}

/** Runs from the first item until `count` items are done. Joining the group is not measured. */
export class Clock {
  readonly ended: Promise<void>;
  private begun: number | null = null;
  private end = 0;
  private taken = 0;
  private resolve: () => void = () => {};

  constructor(private readonly count: number) {
    this.ended = new Promise((resolve) => (this.resolve = resolve));
  }

  begin(): void {
    this.begun ??= performance.now();
  }

  done(more: number): void {
    this.taken += more;
    if (this.taken < this.count) return;
    this.end = performance.now();
    this.resolve();
  }

  perSecond(): number {
    return this.taken / ((this.end - this.begun!) / 1000);
  }
}

import { Kafka, logLevel, type KafkaMessage, type Message, type Producer } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const triesMax = 20;
const pauseMs = 1_000;
const readWithinMs = 30_000;

/** The log as any program on the same network may read and write it. */
export class Topic {
  private readonly kafka: Kafka;

  constructor(
    broker: string,
    private readonly name: string,
    private readonly partitions: number,
  ) {
    this.kafka = new Kafka({ brokers: [broker], clientId: 'chaos', logLevel: logLevel.NOTHING });
  }

  /** Everything on the topic now, by partition, in order. */
  read(): Promise<readonly (readonly KafkaMessage[])[]> {
    return patiently(() => this.readOnce());
  }

  /** Resolves when the messages are stored. When the broker was unavailable, some may be stored twice. */
  async send(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    await patiently(async () => {
      const producer: Producer = this.kafka.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      try {
        await producer.send({ topic: this.name, acks: -1, messages: [...messages] });
      } finally {
        await producer.disconnect();
      }
    });
  }

  private async readOnce(): Promise<readonly (readonly KafkaMessage[])[]> {
    const ends = await this.ends();
    const read = ends.map((): KafkaMessage[] => []);
    const complete = (): boolean =>
      ends.every((end, at) => end === 0 || Number(read[at]!.at(-1)?.offset ?? -1) + 1 >= end);
    if (complete()) return read;
    const consumer = this.kafka.consumer({ groupId: `chaos-${randomUUID()}`, allowAutoTopicCreation: false });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [this.name], fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('the topic cannot be read to its end')), readWithinMs);
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
        void consumer
          .run({
            autoCommit: false,
            eachMessage: async ({ partition, message }) => {
              if (Number(message.offset) < ends[partition]!) read[partition]!.push(message);
              if (!complete()) return;
              clearTimeout(late);
              resolve();
            },
          })
          .catch(reject);
      });
      return read;
    } finally {
      await consumer.disconnect();
    }
  }

  private async ends(): Promise<number[]> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const ends = Array.from({ length: this.partitions }, () => 0);
      for (const { partition, high } of await admin.fetchTopicOffsets(this.name))
        ends[partition] = Number(high);
      return ends;
    } finally {
      await admin.disconnect();
    }
  }
}

/** Retries while the broker is unavailable, a bounded number of times. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === triesMax) throw error;
      await pause(pauseMs);
    }
  }
}

import { Kafka, type Admin, type KafkaConfig } from 'kafkajs';

/** The offsets that a partition holds: from `low` to before `high`. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

const retry = { retries: 4, initialRetryTime: 100, maxRetryTime: 2_000 };

/** What is asked of the brokers themselves, over one connection that is made when first needed. */
export class KafkaQuestions {
  private admin: Promise<Admin> | null = null;

  constructor(private readonly kafka: KafkaConfig) {}

  /** By partition. */
  async bounds(topic: string): Promise<readonly Bounds[]> {
    const offsets = await this.ask((admin) => admin.fetchTopicOffsets(topic));
    const bounds: Bounds[] = [];
    for (const { partition, low, high } of offsets) {
      bounds[partition] = { low: Number(low), high: Number(high) };
    }
    return bounds;
  }

  /** Where the group begins in a partition, null when it has committed nothing. */
  async committed(group: string, topic: string, partition: number): Promise<number | null> {
    const [answer] = await this.ask((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
    const offset = Number(answer?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
    return offset < 0 ? null : offset;
  }

  async close(): Promise<void> {
    const { admin } = this;
    this.admin = null;
    await (await admin?.catch(() => null))?.disconnect();
  }

  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = (this.admin ??= connected(this.kafka));
    try {
      return await question(await admin);
    } catch (error) {
      // The client keeps to leaders and coordinators that it once knew: the next question goes to a new one.
      if (this.admin === admin) this.admin = null;
      void admin.then((old) => old.disconnect()).catch(() => {});
      throw error;
    }
  }
}

async function connected(kafka: KafkaConfig): Promise<Admin> {
  const admin = new Kafka(kafka).admin({ retry });
  await admin.connect();
  return admin;
}

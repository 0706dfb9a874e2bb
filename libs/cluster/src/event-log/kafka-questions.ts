import { Unavailable } from '@readership/kernel';
import kafkajs, { type Admin, type KafkaConfig } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import { logUnavailable } from './log-unavailable.js';

/** The offsets that a partition holds: from `low` up to before `high`. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** How far a group has come in a partition. */
export interface Standing extends Bounds {
  readonly partition: number;
  /** `null` when it has committed nothing. */
  readonly committed: number | null;
}

const retry = { retries: 4, initialRetryTime: 100, maxRetryTime: 2_000 };

/** Asks the brokers, over one connection that is made on first use. */
export class KafkaQuestions {
  private admin: Promise<Admin> | null = null;

  constructor(private readonly kafka: KafkaConfig) {}

  /** Bounds of these partitions, in their order. */
  async bounds(topic: string, partitions: readonly number[]): Promise<readonly Bounds[]> {
    return this.ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return partitions.map((partition) => {
        const found = offsets.find((one) => one.partition === partition);
        if (!found) throw new Error(`nobody answers for ${topic}/${partition}`);
        return { low: Number(found.low), high: Number(found.high) };
      });
    });
  }

  /** The offset where the group begins in a partition; `null` when it has committed nothing. */
  async committed(group: string, topic: string, partition: number): Promise<number | null> {
    const [answer] = await this.ask((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
    const offset = Number(answer?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
    return offset < 0 ? null : offset;
  }

  /** How far the group has come in every partition of a topic. */
  async standing(group: string, topic: string): Promise<readonly Standing[]> {
    return this.ask(async (admin) => {
      const [offsets, [answer]] = await Promise.all([
        admin.fetchTopicOffsets(topic),
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
      ]);
      const committed = new Map(answer?.partitions.map((one) => [one.partition, Number(one.offset)]));
      return offsets.map(({ partition, low, high }) => {
        const offset = committed.get(partition) ?? -1;
        const bounds = { low: Number(low), high: Number(high) };
        return { partition, ...bounds, committed: offset < 0 ? null : offset };
      });
    });
  }

  async close(): Promise<void> {
    const { admin } = this;
    this.admin = null;
    await (await admin?.catch(() => null))?.disconnect();
  }

  /**
   * Asks a question and resolves to its answer. Asks twice at most, because the existing connection may have broken.
   * Rejects with `Unavailable` when no broker answers.
   */
  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const known = this.admin;
    if (known) {
      try {
        return await question(await known);
      } catch {
        this.drop(known);
      }
    }
    const admin = (this.admin ??= connected(this.kafka));
    try {
      return await question(await admin);
    } catch (error) {
      this.drop(admin);
      throw logUnavailable(error);
    }
  }

  /**
   * Drops the connection. The client sticks to the leaders and coordinators that it once knew, so the next question
   * uses a new client.
   */
  private drop(admin: Promise<Admin>): void {
    if (this.admin === admin) this.admin = null;
    void admin.then((old) => old.disconnect()).catch(() => {});
  }
}

/**
 * Asks one question at boot, over a connection of its own. An error of the client becomes one line that names the
 * brokers. Rejects with `Unavailable` when no broker answers.
 */
export async function asking<T>(kafka: KafkaConfig, question: (admin: Admin) => Promise<T>): Promise<T> {
  const questions = new KafkaQuestions(kafka);
  try {
    return await questions.ask(question);
  } catch (error) {
    const met = error instanceof Unavailable ? error.cause : error;
    const each = met instanceof kafkajs.KafkaJSAggregateError ? met.errors : [met];
    const told = each.flatMap((one) => (one instanceof kafkajs.KafkaJSError ? [one.message] : []));
    if (told.length === 0) throw error;
    const line = `Kafka at ${String(kafka.brokers)}: ${[...new Set(told)].join('; ')}`;
    if (error instanceof Unavailable) throw new Unavailable(error.code, line, { cause: error });
    throw new Error(line, { cause: error });
  } finally {
    await questions.close();
  }
}

async function connected(kafka: KafkaConfig): Promise<Admin> {
  const admin = kafkaClient(kafka).admin({ retry });
  await admin.connect();
  return admin;
}

import { Kafka, Partitioners, type KafkaConfig, type Message, type Producer } from 'kafkajs';

interface Line {
  readonly producer: Producer;
  sending: number;
  lost: boolean;
}

/** Some ten seconds in all: longer than an election. */
const retry = { retries: 8, initialRetryTime: 100, maxRetryTime: 2_000 };

/**
 * Sends to all in-sync replicas, each record once per attempt of ours. A caller has one send under way per partition.
 *
 * After a send that failed its producer is not used again: what became of the batch is unknown, and the broker would take
 * the next batch of the same size under the same sequence number for a repetition and drop it.
 */
export class RecordSender {
  private line: Promise<Line> | null = null;

  constructor(
    private readonly kafka: KafkaConfig,
    private readonly topic: string,
  ) {}

  /** Resolves when the messages are durable; when it rejects, some may be. */
  async send(messages: readonly Message[]): Promise<void> {
    const opening = (this.line ??= connected(this.kafka));
    const line = await opening.catch((error: unknown) => {
      if (this.line === opening) this.line = null;
      throw error;
    });
    line.sending++;
    try {
      await line.producer.send({ topic: this.topic, acks: -1, messages: [...messages] });
    } catch (error) {
      line.lost = true;
      if (this.line === opening) this.line = null;
      throw error;
    } finally {
      line.sending--;
      if (line.lost && line.sending === 0) void line.producer.disconnect().catch(() => {});
    }
  }

  async close(): Promise<void> {
    const { line } = this;
    this.line = null;
    await (await line?.catch(() => null))?.producer.disconnect();
  }
}

async function connected(kafka: KafkaConfig): Promise<Line> {
  const producer = new Kafka(kafka).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry,
  });
  await producer.connect();
  return { producer, sending: 0, lost: false };
}

import { Unavailable } from '@readership/kernel';
import { Partitioners, type KafkaConfig, type Message, type Producer } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import { logUnavailable } from './log-unavailable.js';

interface Line {
  readonly producer: Producer;
  sending: number;
  lost: boolean;
}

const sendMs = 20_000;
/** Enough for a leader that has just moved. The relay tries again anyway. */
const retry = { retries: 4, initialRetryTime: 100, maxRetryTime: 2_000 };

/**
 * Sends to all in-sync replicas, each record once per attempt. The caller has at most one send under way per partition.
 *
 * After a failed send its producer is not used again. It is not known what became of the batch, and the broker would
 * take the next batch of the same size and sequence number for a repetition and drop it.
 */
export class RecordSender {
  private line: Promise<Line> | null = null;

  constructor(
    private readonly kafka: KafkaConfig,
    private readonly topic: string,
  ) {}

  /**
   * Sends messages of one partition. Resolves, once they are durable, to the offset after the last. When it rejects,
   * some may be stored; with `Unavailable` when no broker answers.
   */
  async send(messages: readonly Message[]): Promise<number> {
    const opening = (this.line ??= connected(this.kafka));
    try {
      return await inTime(opening.then((line) => this.sendOn(line, messages)));
    } catch (error) {
      if (this.line === opening) this.line = null;
      void opening.then(retire, () => {});
      throw logUnavailable(error);
    }
  }

  async close(): Promise<void> {
    const { line } = this;
    this.line = null;
    await (await line?.catch(() => null))?.producer.disconnect();
  }

  private async sendOn(line: Line, messages: readonly Message[]): Promise<number> {
    line.sending++;
    try {
      const sent = await line.producer.send({ topic: this.topic, acks: -1, messages: [...messages] });
      return Number(sent[0]!.baseOffset) + messages.length;
    } finally {
      line.sending--;
      if (line.lost) retire(line);
    }
  }
}

/** Closes a producer that is not used again, once the sends of other partitions on it have ended. */
function retire(line: Line): void {
  line.lost = true;
  if (line.sending === 0) void line.producer.disconnect().catch(() => {});
}

async function connected(kafka: KafkaConfig): Promise<Line> {
  const producer = kafkaClient(kafka).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry,
  });
  await producer.connect();
  return { producer, sending: 0, lost: false };
}

async function inTime<T>(sent: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Unavailable('LOG_UNAVAILABLE', `no answer within ${sendMs} ms`)),
      sendMs,
    );
  });
  try {
    return await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
  }
}

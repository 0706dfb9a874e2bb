import { DeadLetters, type DeadLetter } from '@readership/kernel';
import type { KafkaConfig, Message } from 'kafkajs';
import { RecordSender } from '../event-log/record-sender.js';

/**
 * The largest record, key and headers included, that is copied as it came. Of a larger one only its place and the
 * reason are sent.
 */
const recordBytesMax = 256 * 1024;
/** The broker accepts 1 MiB by default, including its framing and our headers. */
const requestBytesMax = 800_000;

/**
 * The topic of records that were not accepted: each record as it came, with `rs_` headers that say why and where it
 * was. A record that is too large has neither a value nor headers of its own, and `rs_content` says so.
 */
export class KafkaDeadLetters extends DeadLetters {
  private readonly sender: RecordSender;
  /** The sender allows one send at a time, and partitions of the topic call it concurrently. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(kafka: KafkaConfig, topic: string) {
    super();
    this.sender = new RecordSender(kafka, topic);
  }

  send(letters: readonly DeadLetter[]): Promise<void> {
    const sent = this.turn.then(async () => {
      for (const request of requests(letters)) await this.sender.send(request);
    });
    this.turn = sent.catch(() => {});
    return sent;
  }

  async close(): Promise<void> {
    await this.turn;
    await this.sender.close();
  }
}

function* requests(letters: readonly DeadLetter[]): Generator<readonly Message[]> {
  let request: Message[] = [];
  let size = 0;
  for (const letter of letters) {
    const { message, bytes } = messageOf(letter);
    if (request.length > 0 && size + bytes > requestBytesMax) {
      yield request;
      request = [];
      size = 0;
    }
    request.push(message);
    size += bytes;
  }
  if (request.length > 0) yield request;
}

function messageOf({ id, topic, partition, record, reason, source }: DeadLetter): {
  readonly message: Message;
  readonly bytes: number;
} {
  const ours: Record<string, string> = {
    rs_dead_letter: id,
    rs_reason: reason,
    rs_topic: topic,
    rs_partition: String(partition),
    rs_offset: String(record.offset),
    rs_timestamp: String(record.timestamp),
    ...(source === null ? {} : { rs_source: source }),
  };
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, text] of Object.entries(record.headers)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  if (bytes <= recordBytesMax) {
    const headers = { ...record.headers, ...ours };
    return { message: { key: record.key, value: record.value, headers }, bytes: bytes + 1_000 };
  }
  const key = record.key !== null && record.key.length <= 1_000 ? record.key : null;
  return { message: { key, value: null, headers: { ...ours, rs_content: 'too-large' } }, bytes: 2_000 };
}

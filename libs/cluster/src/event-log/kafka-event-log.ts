import {
  EventLog,
  Unavailable,
  type Consumption,
  type Lane,
  type LogConsumer,
  type LogRecord,
  type LoopReport,
  type NewRecord,
  type Position,
} from '@readership/kernel';
import type { KafkaMessage, Message } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../mongo.js';
import { KafkaGroup, usualTiming, type GroupFailed, type GroupTiming } from './kafka-group.js';
import { KafkaQuestions } from './kafka-questions.js';
import { Lanes } from './lanes.js';
import { KnownEnds } from './known-ends.js';
import { LogCut } from './log-cut.js';
import { LogFollower } from './log-follower.js';
import type { Counted } from './partition-count.js';
import { readSpans } from './read-spans.js';
import { decodeRecord, encodeRecord, UnreadableRecord } from './record-codec.js';
import { RecordSender } from './record-sender.js';
import { checkEventLog, type EventLogTopic } from './event-log-topic.js';

/** Called for a record on the topic that no relay of ours sent. It is skipped. The offset is Kafka's. */
export type ForeignSeen = (where: {
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
}) => void;

export interface KafkaEventLogOptions extends EventLogTopic {
  /** Holds the lanes of the contexts whose relays publish here. */
  readonly database: Database;
  readonly timing?: GroupTiming;
  readonly onError?: GroupFailed;
  /** Where a consumer's connection reports the outcome of its steps. */
  readonly report?: (loop: string) => LoopReport;
  readonly onForeign?: ForeignSeen;
}

const closeMs = 5_000;
const moveBackTriesMax = 20;
/** The broker accepts 1 MiB by default, including its framing. */
const requestBytesMax = 900_000;

/**
 * The published log as a topic. A context's lane is a document that is moved after the send. A crash in between, or a
 * second relay, repeats records at the same positions; consumers recognise them by `position` and `previous`.
 */
export class KafkaEventLog extends EventLog {
  readonly partitions: number;
  /** A read model stores a batch in one document, so a larger window would only be split. */
  readonly windowMax = 500;
  private readonly lanes: Lanes;
  private readonly sender: RecordSender;
  private readonly questions: KafkaQuestions;
  private readonly follower: LogFollower;
  private readonly groups = new Set<KafkaGroup>();
  private readonly lastEnds = new KnownEnds(() => this.ends());
  /** The end of the current send of each partition. One send at a time, or a lost response could drop a batch. */
  private readonly turns = new Map<number, Promise<unknown>>();

  constructor(private readonly options: KafkaEventLogOptions) {
    super();
    const { kafka, topic, partitions, database } = options;
    this.partitions = partitions;
    this.lanes = new Lanes(database);
    this.sender = new RecordSender(kafka, topic);
    this.questions = new KafkaQuestions(kafka);
    this.follower = new LogFollower({
      kafka,
      topic,
      partitions,
      timing: this.timing,
      notCut: (partition, offset) => this.notCut(partition, offset),
      high: (partition) => this.high(partition),
      onError: (error, where) => options.onError?.(error, where),
    });
  }

  async lane(context: string, partition: number): Promise<Lane> {
    const { scanned, published } = await this.lanes.lane(context, partition);
    return { scanned, published };
  }

  async moveBack(context: string, partition: number, to: Lane): Promise<Lane> {
    for (let tries = 1; tries <= moveBackTriesMax; tries++) {
      const lane = await this.lanes.lane(context, partition);
      if (to.scanned >= lane.scanned) return { scanned: lane.scanned, published: lane.published };
      const back = { ...to, turn: lane.turn + 1, sent: lane.sent };
      if (await this.lanes.move(context, partition, lane, back)) return to;
    }
    throw new Unavailable('BUSY', `the lane of ${context}/${partition} does not stand still`);
  }

  async beyond(
    context: string,
  ): Promise<ReadonlyMap<number, { readonly position: Position; readonly id: string }>> {
    const { kafka, topic } = this.options;
    await checkEventLog(this.options);
    const all = Array.from({ length: this.partitions }, (_, partition) => partition);
    const lanes = await Promise.all(all.map((partition) => this.lanes.lane(context, partition)));
    const bounds = await this.questions.bounds(topic, all);
    const found = new Map<number, { readonly position: Position; readonly id: string }>();
    const spans = all.map((partition) => ({
      partition,
      // A topic that is shorter than what was sent is another topic, so it is read whole.
      from: lanes[partition]!.sent > bounds[partition]!.high ? 0 : lanes[partition]!.sent,
      to: bounds[partition]!.high,
    }));
    await readSpans({ kafka, topic, timing: this.timing, spans }, (message, partition) => {
      const record = ownRecord(message, partition, context);
      const known = found.get(partition)?.position ?? lanes[partition]!.published;
      if (record && record.position > known) found.set(partition, record);
    });
    for (const { partition, to } of spans) {
      if (!found.has(partition) && lanes[partition]!.sent !== to)
        await this.lanes.nothingUntil(context, partition, lanes[partition]!, to);
    }
    return found;
  }

  async reach(partition: number): Promise<Readonly<Record<string, Position>>> {
    return this.follower.reach(partition, await this.high(partition));
  }

  async publish(
    context: string,
    partition: number,
    from: Position,
    to: Position,
    records: readonly NewRecord[],
  ): Promise<'published' | 'stale'> {
    const before = this.turns.get(partition) ?? Promise.resolve();
    const published = before.then(async () => {
      const lane = await this.lanes.lane(context, partition);
      if (lane.scanned !== from) return 'stale';
      const sent = (await this.send(lane.published, records)) ?? lane.sent;
      const published = records.at(-1)?.position ?? lane.published;
      const moved = { ...lane, scanned: to, published, sent };
      return (await this.lanes.move(context, partition, lane, moved)) ? 'published' : 'stale';
    });
    this.turns.set(
      partition,
      published.catch(() => {}),
    );
    return published;
  }

  async consume(consumer: LogConsumer): Promise<Consumption> {
    const { kafka, topic, onError } = this.options;
    this.lastEnds.start();
    const group: KafkaGroup = new KafkaGroup(
      kafka,
      {
        group: groupOf(topic, consumer.group),
        topics: [topic],
        window: Math.min(consumer.window, this.windowMax),
        start: async (_, partition) => {
          const offset = await consumer.start(partition);
          try {
            await this.notCut(partition, offset);
            return offset;
          } catch (error) {
            if (!(error instanceof LogCut) || !(await consumer.cut?.(partition))) throw error;
            return consumer.start(partition);
          }
        },
        take: async (_, partition, messages) => {
          await this.deliver(consumer, partition, messages);
          group.hint(topic, partition, Number(messages.at(-1)!.offset) + 1);
        },
        failed: (error, where) => onError?.(error, where),
        revoked: (_, partition) => consumer.revoked?.(partition),
        report: this.options.report?.(`consumer ${consumer.group}`),
      },
      this.timing,
    );
    this.groups.add(group);
    group.join();
    return {
      stop: async () => {
        await group.stop();
        this.groups.delete(group);
      },
    };
  }

  async ends(): Promise<readonly number[]> {
    const all = Array.from({ length: this.partitions }, (_, partition) => partition);
    return (await this.questions.bounds(this.options.topic, all)).map(({ high }) => high);
  }

  knownEnds(): readonly number[] | null {
    return this.lastEnds.known;
  }

  async account(partition: number, through?: number): Promise<readonly Counted[]> {
    const high = await this.high(partition);
    return this.follower.account(partition, Math.min(through ?? high, high), high);
  }

  /** Stops all consumers and closes the connections. */
  async stop(): Promise<void> {
    await Promise.all([...this.groups].map((group) => group.stop()));
    const told = this.lastEnds.stop();
    await this.follower.close();
    // Work that hangs is abandoned, as in a crash. An abandoned send can only repeat what is sent again.
    const rest = Promise.all([told, ...this.turns.values()]).then(() =>
      Promise.all([this.sender.close(), this.questions.close()]),
    );
    await Promise.race([rest, pause(closeMs, undefined, { ref: false })]);
  }

  private get timing(): GroupTiming {
    return this.options.timing ?? usualTiming;
  }

  /** The offset of the next record. Throws when the log does not begin at its first record. */
  private async high(partition: number): Promise<number> {
    const { topic } = this.options;
    const { low, high } = (await this.questions.bounds(topic, [partition]))[0]!;
    if (low > 0) throw new LogCut(topic, partition, 0, low, high);
    return high;
  }

  /** Sends the records in order, in requests that the broker accepts. Resolves to the offset after the last, if any. */
  private async send(published: Position, records: readonly NewRecord[]): Promise<number | undefined> {
    let previous = published;
    let request: Message[] = [];
    let size = 0;
    for (const record of records) {
      const { message, bytes } = encodeRecord(record, previous);
      if (size + bytes > requestBytesMax && request.length > 0) {
        await this.sender.send(request);
        request = [];
        size = 0;
      }
      request.push(message);
      size += bytes;
      previous = record.position;
    }
    return request.length > 0 ? this.sender.send(request) : undefined;
  }

  /**
   * Passes our records to the consumer, up to the first record that cannot be read. That one halts the partition until
   * an operator acts.
   */
  private async deliver(
    consumer: LogConsumer,
    partition: number,
    messages: readonly KafkaMessage[],
  ): Promise<void> {
    const records: LogRecord[] = [];
    let halt: Error | null = null;
    for (const message of messages) {
      try {
        const record = decodeRecord(message, partition);
        if (record) records.push(record);
        else this.options.onForeign?.({ group: consumer.group, partition, offset: Number(message.offset) });
      } catch (error) {
        const where = `${this.options.topic}/${partition} halts at offset ${message.offset}`;
        halt = new Error(`${where}: ${(error as Error).message}`, { cause: error });
        break;
      }
    }
    if (records.length > 0) {
      this.lastEnds.seen(partition, records.at(-1)!.offset);
      await consumer.take(partition, records);
    }
    if (halt) throw halt;
  }

  /** Our offset of the last record taken equals Kafka's offset of the next one. */
  private async notCut(partition: number, offset: number): Promise<void> {
    const { topic } = this.options;
    const { low, high } = (await this.questions.bounds(topic, [partition]))[0]!;
    if (offset < low || offset > high) throw new LogCut(topic, partition, offset, low, high);
  }
}

/** The record if it belongs to this context, else `null`. A record that cannot be read halts whoever needs it. */
function ownRecord(message: KafkaMessage, partition: number, context: string): LogRecord | null {
  try {
    const record = decodeRecord(message, partition);
    return record?.context === context ? record : null;
  } catch (error) {
    if (error instanceof UnreadableRecord) return null;
    throw error;
  }
}

/** Group names are known in the whole Kafka cluster, so ours contain the topic's name. */
function groupOf(topic: string, group: string): string {
  return `${topic}.${group}`;
}

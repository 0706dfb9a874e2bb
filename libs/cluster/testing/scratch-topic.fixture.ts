import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { start, unseen, type LogRecord, type NewRecord } from '@readership/kernel';
import { Kafka, logLevel, type Admin, type KafkaConfig } from 'kafkajs';
import { testServers } from './test-servers.fixture.js';
import { type Collection, type Database, type Doc } from '../src/mongo.js';
import { connectWithinSubset } from './subset-connection.fixture.js';
import { prepareEventLog } from '../src/event-log/event-log-topic.js';
import { KafkaEventLog, type KafkaEventLogOptions } from '../src/event-log/kafka-event-log.js';

export const servers = testServers();
export const kafka: KafkaConfig = {
  clientId: 'readership-spec',
  brokers: [servers.kafka],
  logLevel: logLevel.NOTHING,
};
export const timing = { heartbeatMs: 150, sessionMs: 6_000, rebalanceMs: 3_000, fetchWaitMs: 50 };
export const partitions = 3;

/** A topic of one test, and the logs opened on it. */
export class ScratchTopic {
  private readonly logs: KafkaEventLog[] = [];

  private constructor(
    readonly topic: string,
    readonly admin: Admin,
    readonly database: Database,
  ) {}

  static async make(): Promise<ScratchTopic> {
    const topic = `spec-${randomUUID()}`;
    await prepareEventLog({ kafka, topic, partitions, replication: 1 });
    const admin = new Kafka(kafka).admin();
    await admin.connect();
    return new ScratchTopic(topic, admin, await connectWithinSubset(servers.mongodb, topic));
  }

  openLog(more: Partial<KafkaEventLogOptions> = {}): KafkaEventLog {
    const { topic, database } = this;
    const log = new KafkaEventLog({ kafka, topic, partitions, database, timing, ...more });
    this.logs.push(log);
    return log;
  }

  /** Deletes the topic and makes it again, empty. */
  async recreate(): Promise<void> {
    const { topic, admin } = this;
    await admin.deleteTopics({ topics: [topic] });
    await until(() => succeeds(prepareEventLog({ kafka, topic, partitions, replication: 1 })));
  }

  async close(): Promise<void> {
    const { topic, admin, database, logs } = this;
    await Promise.all(logs.map((log) => log.stop()));
    await database
      .collection('lanes')
      .drop()
      .catch(() => {});
    await database.close();
    await admin.deleteTopics({ topics: [topic] });
    const { groups } = await admin.listGroups();
    const ours = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(topic));
    await admin.deleteGroups(ours).catch(() => {});
    await admin.disconnect();
  }
}

export function recordAt(position: number, more: Partial<NewRecord> = {}): NewRecord {
  return {
    partition: 0,
    context: 'profile',
    position,
    key: 'key',
    type: position % 2 === 0 ? 'Even' : 'Odd',
    schema: 1,
    stream: 'stream',
    id: `id-${position}`,
    time: '2026-03-01T10:00:00.000Z',
    recordedAt: '2026-03-01T10:00:01.000Z',
    actor: 'spec',
    body: '{}',
    ...more,
  };
}

export const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);
export const records = (n: number, from = 1) => upTo(n, from).map((position) => recordAt(position));

export async function until(holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  for (const end = performance.now() + ms; !(await holds());) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms`);
    await pause(5);
  }
}

/** Takes all records of the topic, by partition, as they arrive. */
export async function collect(log: KafkaEventLog, from = 0, group = 'reader') {
  const taken: LogRecord[][] = [[], [], []];
  const { stop } = await log.consume({
    group,
    window: 100,
    start: async (partition) => taken[partition]!.at(-1)?.offset ?? from,
    take: async (partition, fresh) => void taken[partition]!.push(...fresh),
  });
  return { taken, stop };
}

/** The positions that a consumer keeps of the records. Throws when there is a gap. */
export function kept(all: readonly LogRecord[]): readonly number[] {
  return unseen(start, all).fresh.map(({ position }) => position);
}

/** True when it resolves. */
export async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** The database of a service that crashes before its lane moves. */
export function dyingBeforeTheLane(database: Database): Database {
  const die = async () => {
    throw new Error('crashed');
  };
  return {
    ...database,
    collection: <D extends Doc>(name: string) =>
      ({
        findOne: (filter: object) => database.collection(name).findOne(filter),
        updateOne: die,
        insertOne: die,
      }) as unknown as Collection<D>,
  };
}

import {
  LoopHealth,
  type Adapters,
  type EventStore,
  type JobQueue,
  type LoopReport,
  type Publish,
  type ReadModels,
} from '@readership/kernel';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import type { EventLogTopic } from './event-log/event-log-topic.js';
import { KafkaEventLog } from './event-log/kafka-event-log.js';
import { timingOf, type GroupFailed } from './event-log/kafka-group.js';
import { KafkaTransport } from './event-log/kafka-transport.js';
import { MongoEventStore } from './event-store/mongo-event-store.js';
import { checkIngest, deadLettersTopic, type IngestTopics } from './ingest/ingest-topics.js';
import { KafkaDeadLetters } from './ingest/kafka-dead-letters.js';
import { BullJobQueue } from './job-queue/bull-job-queue.js';
import { connectMongo, type Database } from './mongo.js';
import { MongoReadModels } from './read-models/mongo-read-models.js';
import { redisRateLimiter, type RedisRateLimiter } from './redis-rate-limiter.js';

/** Where the servers are, and what this deployment is called there. */
export interface ClusterServers {
  readonly mongoUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** TLS to the brokers, whose certificates come from an authority that Node knows; absent: plain text. */
  readonly kafkaTls?: boolean;
  /** SASL, with a password; absent: nobody asks who it is. */
  readonly kafkaUser?: string;
  readonly kafkaPassword?: string;
  readonly kafkaMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly redisUrl: string;
  /** Begins the names of topics, consumer groups, databases and keys. */
  readonly namespace: string;
  /** Of the log and of every store; fixed for the life of a deployment. */
  readonly partitions: number;
}

export interface ClusterOptions extends ClusterServers {
  /** The context that this service is. */
  readonly context: string;
  /** 32 bytes that wrap the data keys of personal parts. */
  readonly masterKey: Buffer;
  readonly ratePerSecond: number;
  /** A member of a group that is silent for this long has lost its partitions. */
  readonly kafkaSessionMs: number;
  /** Told of what a consumer threw; it is given the records again after a pause. */
  readonly onError: GroupFailed;
  /** Where consumers and workers report how they fare; absent: nobody asks. */
  readonly loops?: LoopHealth;
}

export function eventsTopic(servers: ClusterServers): EventLogTopic {
  const { namespace, partitions } = servers;
  return { kafka: kafkaOf(servers), topic: `${namespace}.events`, partitions };
}

export function ingestTopics(servers: ClusterServers): IngestTopics {
  return { kafka: kafkaOf(servers), namespace: servers.namespace };
}

function kafkaOf(servers: ClusterServers): KafkaConfig {
  const { kafkaBrokers, kafkaTls = false, kafkaUser, kafkaPassword = '', namespace } = servers;
  const { kafkaMechanism: mechanism = 'scram-sha-512' } = servers;
  return {
    brokers: [...kafkaBrokers],
    clientId: namespace,
    ssl: kafkaTls,
    ...(kafkaUser === undefined
      ? {}
      : { sasl: { mechanism, username: kafkaUser, password: kafkaPassword } as SASLOptions }),
  };
}

export function databaseName({ namespace }: ClusterServers, context: string): string {
  return `${namespace}-${context}`;
}

/** The ports of one context on MongoDB, Kafka and Redis, and what else a service shares through them. */
export class ClusterAdapters implements Adapters {
  readonly eventLog: KafkaEventLog;
  readonly deadLetters: KafkaDeadLetters;
  /** Hands the topics that the application listens to to its handlers. */
  readonly transport: KafkaTransport;
  private readonly models: MongoReadModels;
  private readonly jobs: BullJobQueue;

  constructor(
    private readonly database: Database,
    private readonly options: ClusterOptions,
    /** Shared by all replicas of the service. */
    readonly limiter: RedisRateLimiter,
  ) {
    const { context, namespace, partitions, redisUrl, onError, loops = new LoopHealth() } = options;
    const report = (loop: string, partition?: number): LoopReport =>
      loops.report({ loop, context, ...(partition === undefined ? {} : { partition }) });
    const topic = eventsTopic(options);
    const timing = timingOf(options.kafkaSessionMs);
    const { kafka } = topic;
    this.eventLog = new KafkaEventLog({ ...topic, database, timing, onError, report });
    const ingest = ingestTopics(options);
    this.deadLetters = new KafkaDeadLetters(ingest.kafka, deadLettersTopic(ingest));
    this.transport = new KafkaTransport({
      kafka,
      group: `${namespace}.${context}`,
      namespace,
      check: () => checkIngest(ingest),
      timing,
      onError,
      report,
    });
    this.models = new MongoReadModels(database, partitions);
    this.jobs = new BullJobQueue(database, { redisUrl, prefix: `${namespace}:${context}:jobs`, report });
  }

  eventStore(context: string, publish: Publish<any>): EventStore {
    this.mustBe(context);
    return new MongoEventStore(this.database, publish, this.options);
  }

  readModels(context: string): ReadModels {
    this.mustBe(context);
    return this.models;
  }

  jobQueue(context: string): JobQueue {
    this.mustBe(context);
    return this.jobs;
  }

  async close(): Promise<void> {
    await Promise.all([this.eventLog.stop(), this.jobs.stop(), this.deadLetters.close()]);
    this.limiter.close();
    await this.database.close();
  }

  private mustBe(context: string): void {
    if (context !== this.options.context) throw new RangeError(`this service is ${this.options.context}`);
  }
}

/**
 * Connects to servers that `prepareCluster` made ready; rejects with one line that says what is missing. Kafka may be away:
 * what needs it waits.
 */
export async function clusterAdapters(options: ClusterOptions): Promise<ClusterAdapters> {
  const database = await connectMongo(options.mongoUrl, databaseName(options, options.context));
  const { redisUrl, ratePerSecond, namespace, context } = options;
  try {
    const limiter = await redisRateLimiter(redisUrl, ratePerSecond, `${namespace}:${context}:rate`);
    return new ClusterAdapters(database, options, limiter);
  } catch (error) {
    await database.close();
    throw error;
  }
}

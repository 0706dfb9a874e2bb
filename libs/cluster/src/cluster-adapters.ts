import {
  LoopHealth,
  type AccessStore,
  type Adapters,
  type ContextStore,
  type EventStore,
  type JobQueue,
  type LoopReport,
  type Publish,
  type ReadModels,
  type StoreKeys,
} from '@readership/kernel';
import type { KafkaConfig, SASLOptions } from 'kafkajs';
import type { EventLogTopic } from './event-log/event-log-topic.js';
import { KafkaEventLog } from './event-log/kafka-event-log.js';
import { timingOf, type GroupFailed } from './event-log/kafka-group.js';
import { loggedTo, type KafkaLog } from './event-log/kafka-log.js';
import { KafkaTransport } from './event-log/kafka-transport.js';
import { MongoEventStore } from './event-store/mongo-event-store.js';
import { checkIngest, deadLettersTopic, type IngestTopics } from './ingest/ingest-topics.js';
import { KafkaDeadLetters } from './ingest/kafka-dead-letters.js';
import { BullJobQueue } from './job-queue/bull-job-queue.js';
import { MongoAccessStore } from './mongo-access-store.js';
import { connectMongo, type Database } from './mongo.js';
import { MongoReadModels } from './read-models/mongo-read-models.js';
import { redisRateLimiter, type RedisRateLimiter } from './redis-rate-limiter.js';
import { openStore } from './store-settings.js';

/** Addresses of the servers, and the deployment's names there. */
export interface ClusterServers {
  readonly mongoUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** Connects to the brokers by TLS; their certificates come from an authority that Node knows. Plain text by default. */
  readonly kafkaTls?: boolean;
  /** User for SASL, with a password. No authentication by default. */
  readonly kafkaUser?: string;
  readonly kafkaPassword?: string;
  readonly kafkaMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  /** Receives what the Kafka client logs. By default it is dropped. */
  readonly kafkaLog?: KafkaLog;
  readonly redisUrl: string;
  /** Prefix of topics, consumer groups, databases and keys. */
  readonly namespace: string;
  /** Number of partitions of the log and of every store. It never changes during the life of a deployment. */
  readonly partitions: number;
}

export interface ClusterOptions extends ClusterServers, StoreKeys {
  /** The context of this service. */
  readonly context: string;
  readonly provesCardKey?: ContextStore['provesCardKey'];
  readonly ratePerSecond: number;
  /** A group member that is silent for this long loses its partitions. */
  readonly kafkaSessionMs: number;
  /** Called with the error of a consumer. The records are delivered again after a pause. */
  readonly onError: GroupFailed;
  /** Where consumers and workers report the outcome of their steps. */
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
    ...(servers.kafkaLog ? loggedTo(servers.kafkaLog) : {}),
    ...(kafkaUser === undefined
      ? {}
      : { sasl: { mechanism, username: kafkaUser, password: kafkaPassword } as SASLOptions }),
  };
}

export function databaseName({ namespace }: ClusterServers, context: string): string {
  return `${namespace}-${context}`;
}

/** The database in which the services of a deployment keep the fingerprints of their common keys. */
export function sharedDatabase({ namespace }: ClusterServers): string {
  return `${namespace}-settings`;
}

/** The database of who may do what, which all services of a deployment share. */
export function accessDatabase({ namespace }: ClusterServers): string {
  return `${namespace}-access`;
}

/** The ports of one context on MongoDB, Kafka and Redis, and what else a service shares through them. */
export class ClusterAdapters implements Adapters {
  readonly access: AccessStore;
  readonly eventLog: KafkaEventLog;
  readonly deadLetters: KafkaDeadLetters;
  /** Calls the application's topic handlers. */
  readonly transport: KafkaTransport;
  private readonly models: MongoReadModels;
  private readonly jobs: BullJobQueue;

  constructor(
    private readonly database: Database,
    private readonly accessRecords: Database,
    private readonly options: ClusterOptions,
    /** Shared by all replicas of the service. */
    readonly limiter: RedisRateLimiter,
  ) {
    this.access = new MongoAccessStore(accessRecords);
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
    await Promise.all([this.database, this.accessRecords].map((one) => one.close()));
  }

  private mustBe(context: string): void {
    if (context !== this.options.context) throw new RangeError(`this service is ${this.options.context}`);
  }
}

/**
 * Connects to servers that `prepareCluster` has made ready. Rejects with one line that says what is missing, or with
 * what `openStore` refuses. Kafka may be unavailable: what needs it waits.
 */
export async function clusterAdapters(options: ClusterOptions): Promise<ClusterAdapters> {
  const { mongoUrl, redisUrl, ratePerSecond, namespace, context } = options;
  const databases: Database[] = [];
  const connect = async (name: string): Promise<Database> => {
    const database = await connectMongo(mongoUrl, name);
    databases.push(database);
    return database;
  };
  try {
    const database = await connect(databaseName(options, context));
    await checkStore(database, options);
    const access = await connect(accessDatabase(options));
    const limiter = await redisRateLimiter(redisUrl, ratePerSecond, `${namespace}:${context}:rate`);
    return new ClusterAdapters(database, access, options, limiter);
  } catch (error) {
    await Promise.all(databases.map((database) => database.close()));
    throw error;
  }
}

async function checkStore(database: Database, options: ClusterOptions): Promise<void> {
  const name = `The database ${databaseName(options, options.context)}`;
  const sharedName = `The deployment ${options.namespace} (database ${sharedDatabase(options)})`;
  const shared = await connectMongo(options.mongoUrl, sharedDatabase(options));
  try {
    await openStore(database, { ...options, name, shared, sharedName });
  } finally {
    await shared.close();
  }
}

import kafkajs, { type KafkaConfig } from 'kafkajs';
import { createTopics } from '../event-log/created-topics.js';
import { TopicRefused } from '../event-log/event-log-topic.js';
import { asking } from '../event-log/kafka-questions.js';

export interface IngestTopics {
  readonly kafka: KafkaConfig;
  /** `readership` in production: the prefix of both topics. */
  readonly namespace: string;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Records stay here until they are recorded or parked, and some days longer so that they can be taken again. The
 * producers are not ours. The broker decompresses whatever they use, because our client reads only gzip, and it refuses
 * a record that is too large when decompressed.
 */
const ingestSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': String(7 * dayMs),
  'compression.type': 'uncompressed',
  'max.message.bytes': String(4 * 1024 * 1024),
};

/**
 * Records are copied as they came and may hold personal data, so they are deleted after a time. The store keeps what is
 * parked sealed.
 */
const deadLetterSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': String(14 * dayMs),
};

export function ingestTopic({ namespace }: IngestTopics): string {
  return `${namespace}.ingest`;
}

export function deadLettersTopic({ namespace }: IngestTopics): string {
  return `${namespace}.dead-letters`;
}

/** Creates the topic that others send to and the one of dead letters. Existing topics stay as they are. */
export async function prepareIngest(
  options: IngestTopics & { readonly partitions: number; readonly replication: number },
): Promise<void> {
  const { partitions, replication } = options;
  const created = (topic: string, count: number, settings: Readonly<Record<string, string>>) => ({
    topic,
    numPartitions: count,
    replicationFactor: replication,
    configEntries: Object.entries({
      ...settings,
      'min.insync.replicas': String(Math.max(1, replication - 1)),
    }).map(([name, value]) => ({ name, value })),
  });
  await asking(options.kafka, (admin) =>
    createTopics(admin, [
      created(ingestTopic(options), partitions, ingestSettings),
      // One partition: there are few records, and their order is the order in which they were parked.
      created(deadLettersTopic(options), 1, deadLetterSettings),
    ]),
  );
}

/** Rejects with `TopicRefused` when a topic is missing, or would lose or delay what is sent to it. Called at boot. */
export async function checkIngest(options: IngestTopics): Promise<void> {
  const ingest = ingestTopic(options);
  await asking(options.kafka, async (admin) => {
    const topics = await admin.listTopics();
    for (const topic of [ingest, deadLettersTopic(options)]) {
      if (!topics.includes(topic)) throw new TopicRefused(`${topic} does not exist: run readership prepare`);
    }
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: ingest,
          configNames: ['cleanup.policy', 'compression.type'],
        },
      ],
    });
    const found = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    if (found.get('cleanup.policy') !== 'delete') {
      throw new TopicRefused(`${ingest} cannot be taken from: its cleanup.policy must be delete`);
    }
    if (!['uncompressed', 'gzip'].includes(found.get('compression.type') ?? '')) {
      throw new TopicRefused(`${ingest} cannot be taken from: its compression.type must be uncompressed`);
    }
  });
}

/** Deletes both topics, including records that were not taken yet. */
export async function deleteIngest(options: IngestTopics): Promise<void> {
  await asking(options.kafka, async (admin) => {
    const ours = [ingestTopic(options), deadLettersTopic(options)];
    const topics = (await admin.listTopics()).filter((topic) => ours.includes(topic));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  });
}

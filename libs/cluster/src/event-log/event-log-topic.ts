import kafkajs, { type Admin, type KafkaConfig } from 'kafkajs';
import { createTopics } from './created-topics.js';
import { asking } from './kafka-questions.js';

export interface EventLogTopic {
  readonly kafka: KafkaConfig;
  /** `readership.events` in production. */
  readonly topic: string;
  /** Never changes during the life of the deployment. */
  readonly partitions: number;
}

/** The topic is not fit to be the system of record. The message is one line that says why. */
export class TopicRefused extends Error {
  override readonly name = 'TopicRefused';
}

/** Settings that keep every record for ever. */
const settings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
};

/** Creates the topic unless it exists. Rejects with `TopicRefused` when an existing topic is not fit. */
export async function prepareEventLog(
  options: EventLogTopic & { readonly replication: number },
): Promise<void> {
  const { topic, partitions, replication } = options;
  await asking(options.kafka, async (admin) => {
    // The client would report an existing topic as an error.
    if ((await admin.listTopics()).includes(topic)) return;
    await createTopics(admin, [
      {
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: Object.entries({
          ...settings,
          'min.insync.replicas': String(Math.max(1, replication - 1)),
        }).map(([name, value]) => ({ name, value })),
      },
    ]);
  });
  await checkEventLog(options);
}

/**
 * Rejects with `TopicRefused` when the topic is missing, drops records or has another number of partitions. Called at
 * boot.
 */
export async function checkEventLog(options: EventLogTopic): Promise<void> {
  const { topic, partitions } = options;
  const faults = await asking(options.kafka, async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) return ['it does not exist'];
    const found = (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length ?? 0;
    const counts = found === partitions ? [] : [`it has ${found} partitions, not ${partitions}`];
    return [...counts, ...(await wrongSettings(admin, topic))];
  });
  if (faults.length > 0) throw new TopicRefused(`${topic} cannot be the event log: ${faults.join('; ')}`);
}

/** Deletes the topic if it exists, and with it the order of everything that was published. */
export async function deleteEventLog(options: EventLogTopic): Promise<void> {
  const { topic } = options;
  await asking(options.kafka, async (admin) => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
  });
}

async function wrongSettings(admin: Admin, topic: string): Promise<readonly string[]> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: Object.keys(settings) }],
  });
  const found = new Map(
    resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
  );
  return Object.entries(settings)
    .filter(([name, value]) => found.get(name) !== value)
    .map(([name, value]) => `${name} is ${found.get(name) ?? 'unknown'}, not ${value}`);
}

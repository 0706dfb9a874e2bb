import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '@readership/kernel';
import { eventLogContract, runCase, type Fixture, type Maker } from '@readership/kernel/testing';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { testServers } from '../../testing/test-servers.fixture.js';
import { connectWithinSubset } from '../../testing/subset-connection.fixture.js';
import { prepareEventLog } from './event-log-topic.js';
import { KafkaEventLog } from './kafka-event-log.js';

const servers = testServers();
const kafka: KafkaConfig = {
  clientId: 'readership-spec',
  brokers: [servers.kafka],
  logLevel: logLevel.NOTHING,
};
const timing = { heartbeatMs: 150, sessionMs: 6_000, rebalanceMs: 3_000, fetchWaitMs: 50 };

/** Closes the log like a crash: work that does not end in time is abandoned. */
async function closed(log: KafkaEventLog): Promise<void> {
  await Promise.race([log.stop(), pause(400)]);
}

function onKafka(partitions: number): Maker<Fixture<EventLog>> {
  return async () => {
    const topic = `spec-${randomUUID()}`;
    await prepareEventLog({ kafka, topic, partitions, replication: 1 });
    const database = await connectWithinSubset(servers.mongodb, topic);
    const open = () => new KafkaEventLog({ kafka, topic, partitions, database, timing });
    const logs = [open()];
    return {
      partitions,
      get port() {
        return logs.at(-1)!;
      },
      reopen: async () => {
        await closed(logs.at(-1)!);
        logs.push(open());
      },
      close: async () => {
        await Promise.all(logs.map((log) => log.stop()));
        await database.collection('lanes').drop().catch(unlessNotThere);
        await database.close();
        await removeTopic(topic);
      },
    };
  };
}

/** A case that published nothing has made no collection, which not every server passes over. */
function unlessNotThere(error: Error): void {
  if (!error.message.includes('ns not found')) throw error;
}

async function removeTopic(topic: string): Promise<void> {
  const admin = new Kafka(kafka).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  const { groups } = await admin.listGroups();
  const ours = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(topic));
  await admin.deleteGroups(ours).catch(() => {});
  await admin.disconnect();
}

for (const partitions of [1, 3]) {
  describe(`the event log on Kafka with ${partitions === 1 ? 'one partition' : `${partitions} partitions`}`, () => {
    for (const one of eventLogContract) it(one.name, () => runCase(onKafka(partitions), one));
  });
}

import { Kafka, logLevel } from 'kafkajs';
import mongoose from 'mongoose';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { testServers } from '../testing/test-servers.fixture.js';
import { deleteCluster, prepareCluster } from './prepare-cluster.js';

const { kafka, mongodb, redis } = testServers();
const servers = {
  kafkaBrokers: [kafka],
  mongoUrl: mongodb,
  redisUrl: redis,
  namespace: `spec-${randomUUID()}`,
  partitions: 2,
  contexts: ['feedback'],
};

/** Topics and databases of the deployment that exist. */
async function traces(): Promise<readonly string[]> {
  const admin = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).admin();
  const connection = await mongoose.createConnection(mongodb).asPromise();
  try {
    await admin.connect();
    const { databases } = await connection.getClient().db().admin().listDatabases();
    const names = [...(await admin.listTopics()), ...databases.map(({ name }) => name)];
    return names.filter((name) => name.startsWith(servers.namespace)).sort();
  } finally {
    await connection.close();
    await admin.disconnect();
  }
}

it('a deployment that is forgotten leaves nothing on the servers, and may be forgotten again', async () => {
  const { namespace } = servers;
  await prepareCluster({ ...servers, replication: 1 });
  expect(await traces()).toEqual(
    ['-feedback', '.dead-letters', '.events', '.ingest'].map((end) => `${namespace}${end}`),
  );
  await deleteCluster(servers);
  await deleteCluster(servers);
  // The broker shows the deletion a moment later.
  for (let looks = 0; looks < 50 && (await traces()).length > 0; looks++) await pause(100);
  expect(await traces()).toEqual([]);
});

it('a deployment that a service consumes of is not forgotten', async () => {
  const { namespace } = servers;
  await prepareCluster({ ...servers, replication: 1 });
  const there = await traces();
  const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: `${namespace}.feedback` });
  await consumer.connect();
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
  await consumer.subscribe({ topic: `${namespace}.events` });
  await consumer.run({ eachMessage: async () => {} });
  await joined;
  await expect(deleteCluster(servers, 0)).rejects.toThrow(
    `Services of ${namespace} run (${namespace}.feedback)`,
  );
  expect(await traces()).toEqual(there);
  await consumer.disconnect();
  await deleteCluster(servers);
}, 60_000);

it('a deployment is not forgotten by half when a server is away', async () => {
  await prepareCluster({ ...servers, replication: 1 });
  const there = await traces();
  const away = 'mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100';
  await expect(deleteCluster({ ...servers, mongoUrl: away })).rejects.toThrow('MongoDB at 127.0.0.1:9');
  expect(await traces()).toEqual(there);
  await deleteCluster(servers);
}, 60_000);

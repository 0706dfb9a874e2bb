import { Kafka, logLevel } from 'kafkajs';
import mongoose from 'mongoose';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { testServers } from '../testing/test-servers.fixture.js';
import { forgetCluster, prepareCluster } from './prepare-cluster.js';

const { kafka, mongodb, redis } = testServers();
const servers = {
  kafkaBrokers: [kafka],
  mongoUrl: mongodb,
  redisUrl: redis,
  namespace: `spec-${randomUUID()}`,
  partitions: 2,
  contexts: ['feedback'],
};

/** Topics and databases of the deployment. */
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
  await forgetCluster(servers);
  await forgetCluster(servers);
  // The broker says so a moment later.
  for (let looks = 0; looks < 50 && (await traces()).length > 0; looks++) await pause(100);
  expect(await traces()).toEqual([]);
});

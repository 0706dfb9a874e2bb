import { databaseName, eventsTopic, ingestTopics, type ClusterServers } from './cluster-adapters.js';
import { setTimeout as pause } from 'node:timers/promises';
import { deleteEventLog, prepareEventLog } from './event-log/event-log-topic.js';
import { prepareEventStore } from './event-store/event-documents.js';
import { asking } from './event-log/kafka-questions.js';
import { deleteIngest, prepareIngest } from './ingest/ingest-topics.js';
import { prepareJobQueue } from './job-queue/stored-jobs.js';
import { connectMongo, type Database } from './mongo.js';

/** Makes topics and indexes for these contexts; what is there already stays as it is. */
export async function prepareCluster(
  servers: ClusterServers & {
    readonly contexts: readonly string[];
    /** Copies of each partition: 3 in production, 1 where there is one broker. */
    readonly replication: number;
  },
): Promise<void> {
  const { partitions, replication } = servers;
  await prepareEventLog({ ...eventsTopic(servers), replication });
  await prepareIngest({ ...ingestTopics(servers), partitions, replication });
  for (const context of servers.contexts) {
    const database = await connectMongo(servers.mongoUrl, databaseName(servers, context));
    try {
      await prepareEventStore(database, servers.partitions);
      await prepareJobQueue(database);
    } finally {
      await database.close();
    }
  }
}

/** Longer than a consumer that was killed may count as a member of its group. */
const memberGoneMs = 60_000;
const lookAgainMs = 500;

/**
 * Deletes the topics and the databases of a deployment that no service runs of: everything it ever recorded, and what was
 * sent to it. Rejects, before anything is deleted, when a server cannot be reached, or when a service consumes the log and
 * goes on doing so for `patienceMs`.
 */
export async function forgetCluster(
  servers: ClusterServers & { readonly contexts: readonly string[] },
  patienceMs = memberGoneMs,
): Promise<void> {
  const databases: Database[] = [];
  try {
    for (const context of servers.contexts)
      databases.push(await connectMongo(servers.mongoUrl, databaseName(servers, context)));
    await expectNobody(servers, patienceMs);
    await deleteEventLog(eventsTopic(servers));
    await deleteIngest(ingestTopics(servers));
    for (const database of databases) await database.drop();
  } finally {
    for (const database of databases) await database.close();
  }
}

async function expectNobody(servers: ClusterServers, patienceMs: number): Promise<void> {
  const until = Date.now() + patienceMs;
  await asking(eventsTopic(servers).kafka, async (admin) => {
    for (;;) {
      const { groups } = await admin.listGroups();
      const ours = groups
        .map(({ groupId }) => groupId)
        .filter((group) => group.startsWith(`${servers.namespace}.`));
      const described = ours.length === 0 ? [] : (await admin.describeGroups(ours)).groups;
      const consuming = described.filter(({ members }) => members.length > 0).map(({ groupId }) => groupId);
      if (consuming.length === 0) return;
      if (Date.now() >= until)
        throw new Error(`Services of ${servers.namespace} run (${consuming.join(', ')}): stop them first.`);
      await pause(lookAgainMs);
    }
  });
}

import {
  accessDatabase,
  databaseName,
  eventsTopic,
  ingestTopics,
  sharedDatabase,
  type ClusterServers,
} from './cluster-adapters.js';
import { setTimeout as pause } from 'node:timers/promises';
import { deleteEventLog, prepareEventLog } from './event-log/event-log-topic.js';
import { prepareEventStore } from './event-store/event-documents.js';
import { asking } from './event-log/kafka-questions.js';
import { deleteIngest, prepareIngest } from './ingest/ingest-topics.js';
import { prepareJobQueue } from './job-queue/stored-jobs.js';
import { connectMongo, type Database } from './mongo.js';
import { prepareSettings } from './store-settings.js';

/** Makes topics and indexes for these contexts. What exists already stays as it is. */
export async function prepareCluster(
  servers: ClusterServers & {
    readonly contexts: readonly string[];
    /** Copies of each partition: 3 in production, 1 with a single broker. */
    readonly replication: number;
  },
): Promise<void> {
  const { partitions, replication } = servers;
  await prepareEventLog({ ...eventsTopic(servers), replication });
  await prepareIngest({ ...ingestTopics(servers), partitions, replication });
  for (const context of servers.contexts) {
    const database = await connectMongo(servers.mongoUrl, databaseName(servers, context));
    try {
      await prepareSettings(database, servers.partitions, `The database ${databaseName(servers, context)}`);
      await prepareEventStore(database);
      await prepareJobQueue(database);
    } finally {
      await database.close();
    }
  }
}

/** Longer than a killed consumer counts as a member of its group. */
const memberGoneMs = 60_000;
const lookAgainMs = 500;

/**
 * Deletes the topics and databases of a deployment that no service uses: everything it ever recorded, and what was sent
 * to it. Rejects, before anything is deleted, when a server cannot be reached, or when a service still consumes the log
 * after `membersGoneWithinMs`.
 */
export async function deleteCluster(
  servers: ClusterServers & { readonly contexts: readonly string[] },
  membersGoneWithinMs = memberGoneMs,
): Promise<void> {
  const databases: Database[] = [];
  try {
    const names = servers.contexts.map((context) => databaseName(servers, context));
    for (const name of [...names, sharedDatabase(servers), accessDatabase(servers)])
      databases.push(await connectMongo(servers.mongoUrl, name));
    await expectNobody(servers, membersGoneWithinMs);
    await deleteEventLog(eventsTopic(servers));
    await deleteIngest(ingestTopics(servers));
    for (const database of databases) await database.drop();
  } finally {
    for (const database of databases) await database.close();
  }
}

async function expectNobody(servers: ClusterServers, membersGoneWithinMs: number): Promise<void> {
  const until = Date.now() + membersGoneWithinMs;
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

import {
  databaseName,
  eventsTopic,
  ingestTopics,
  sharedDatabase,
  type ClusterServers,
} from './cluster-adapters.js';
import { deleteEventLog, prepareEventLog } from './event-log/event-log-topic.js';
import { prepareEventStore } from './event-store/event-documents.js';
import { deleteIngest, prepareIngest } from './ingest/ingest-topics.js';
import { prepareJobQueue } from './job-queue/stored-jobs.js';
import { connectMongo } from './mongo.js';
import { prepareSettings } from './store-settings.js';

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
      await prepareSettings(database, servers.partitions, `The database ${databaseName(servers, context)}`);
      await prepareEventStore(database);
      await prepareJobQueue(database);
    } finally {
      await database.close();
    }
  }
}

/**
 * Deletes the topics and the databases of a deployment that no service runs of: everything it ever recorded, and what was
 * sent to it.
 */
export async function forgetCluster(
  servers: ClusterServers & { readonly contexts: readonly string[] },
): Promise<void> {
  await deleteEventLog(eventsTopic(servers));
  await deleteIngest(ingestTopics(servers));
  const databases = servers.contexts.map((context) => databaseName(servers, context));
  for (const name of [...databases, sharedDatabase(servers)]) {
    const database = await connectMongo(servers.mongoUrl, name);
    try {
      await database.drop();
    } finally {
      await database.close();
    }
  }
}

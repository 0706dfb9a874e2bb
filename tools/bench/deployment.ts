import { status, up, type ServerName } from '#servers';
import {
  clusterAdapters,
  deleteCluster,
  prepareCluster,
  type ClusterAdapters,
  type ClusterServers,
} from '@readership/cluster';
import { Kafka } from 'kafkajs';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const context = 'bench';
export const partitions = 3;

// Lines of the client would come between those of the tables.
process.env['KAFKAJS_LOG_LEVEL'] ??= 'error';

const definitions = join(
  import.meta.dirname,
  import.meta.dirname.endsWith('dist/bench') ? '../../servers' : '../servers',
);

let addresses: ReturnType<typeof up> | undefined;

/** A deployment of one context with the name `bench`, which is empty. */
export interface Deployment {
  readonly adapters: ClusterAdapters;
  readonly servers: ClusterServers;
  readonly topic: string;
}

/** Makes a deployment with its own names on the servers of `tools/backends`, and removes it after `work`. */
export async function inDeployment<T>(work: (deployment: Deployment) => Promise<T>): Promise<T> {
  const { mongodb, kafka, redis } = await (addresses ??= up());
  const servers: ClusterServers = {
    mongoUrl: mongodb,
    kafkaBrokers: [kafka],
    redisUrl: redis,
    namespace: `bench-${randomBytes(6).toString('hex')}`,
    partitions,
  };
  try {
    await prepareCluster({ ...servers, contexts: [context], replication: 1 });
    const adapters = await clusterAdapters({
      ...servers,
      context,
      masterKey: randomBytes(32),
      cardKey: randomBytes(32),
      kafkaSessionMs: 30_000,
      ratePerSecond: 1_000,
      onError: (error) => console.error(String(error)),
    });
    try {
      return await work({ adapters, servers, topic: `${servers.namespace}.events` });
    } finally {
      await adapters.close();
    }
  } finally {
    await deleteCluster({ ...servers, contexts: [context] });
    await removeTopics(servers);
  }
}

export function bareKafka({ kafkaBrokers, namespace }: ClusterServers): Kafka {
  return new Kafka({ brokers: [...kafkaBrokers], clientId: `${namespace}-bare` });
}

/** Deletes every topic and group of a deployment that has no connections any more. */
export async function removeTopics(servers: ClusterServers): Promise<void> {
  const admin = bareKafka(servers).admin();
  await admin.connect();
  try {
    const ours = (name: string): boolean => name.startsWith(`${servers.namespace}.`);
    const topics = (await admin.listTopics()).filter(ours);
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter(ours);
    // A member that has just ended may still count as one; its group is then left to expire.
    if (groups.length > 0) await admin.deleteGroups(groups).catch(() => undefined);
  } finally {
    await admin.disconnect();
  }
}

/** Names and versions of the servers that answer, because numbers mean little without them. */
export async function serverNames(): Promise<string> {
  await (addresses ??= up());
  const found = await status();
  const inContainer = (name: ServerName): boolean =>
    typeof found.find((server) => server.name === name)?.id === 'string';
  return [
    inContainer('kafka')
      ? image('apache/kafka')
      : `Apache Kafka ${artifact('kafka', 'kafka_2.13')}, one broker`,
    inContainer('mongodb')
      ? `${image('mongo')}, a replica set of one`
      : `mongo-java-server ${artifact('mongodb', 'mongo-java-server-h2-backend')} over H2 in place of MongoDB: a test server that ` +
        'answers a write before it is safe, and reads a whole collection for every filter but equality of exactly what is indexed',
  ].join('; ');
}

function artifact(server: ServerName, id: string): string {
  const pom = readFileSync(join(definitions, server, 'pom.xml'), 'utf8');
  return (
    new RegExp(`<artifactId>${id}</artifactId>\\s*<version>([^<]+)<`).exec(pom)?.[1] ?? '(version unknown)'
  );
}

function image(name: string): string {
  const containers = readFileSync(join(definitions, 'containers.yml'), 'utf8');
  return new RegExp(`image: (${name}:\\S+)`).exec(containers)?.[1] ?? name;
}

import { claimPorts, up } from '#servers';
import { deleteCluster, prepareCluster, type ClusterServers } from '@readership/cluster';
import { contextNames, type ContextName } from '@readership/contracts';
import { testKeys } from '@readership/host/testing';
import mongoose from 'mongoose';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Replica } from './replica.js';

const root = join(import.meta.dirname, '../..');
const kept = join(root, 'libs/cluster/fixtures/format-1');
const folder = mkdtempSync(join(tmpdir(), 'readership-keys-'));
const started: Replica[] = [];
let servers: ClusterServers;
let connection: mongoose.Connection;
let port: number;

const settingsOf = (database: string) =>
  connection.getClient().db(`${servers.namespace}-${database}`).collection('settings').find().toArray();

/** One service with the keys that the kept documents were made with, except for those given. */
function service(name: ContextName, keys: Partial<Record<'masterKey' | 'cardKey', Buffer>> = {}): Replica {
  const { masterKey, cardKey, linkKey, adminKey } = { ...testKeys, ...keys };
  const replica = new Replica(name, started.length + 1, port, {
    file: process.execPath,
    args: [join(root, 'apps', name, 'bundle/main.js')],
    env: {
      PATH: process.env['PATH'] ?? '',
      LOG_LEVEL: 'warn',
      READERSHIP_PORT: String(port),
      READERSHIP_MONGODB_URL: servers.mongoUrl,
      READERSHIP_KAFKA_BROKERS: servers.kafkaBrokers.join(','),
      READERSHIP_REDIS_URL: servers.redisUrl,
      READERSHIP_NAMESPACE: servers.namespace,
      READERSHIP_PARTITIONS: String(servers.partitions),
      READERSHIP_ADMIN_KEY: adminKey,
      READERSHIP_MASTER_KEY: masterKey.toString('base64'),
      READERSHIP_CARD_KEY: cardKey.toString('base64'),
      READERSHIP_LINK_KEY: linkKey.toString('base64'),
    },
    log: join(folder, `${name}-${started.length + 1}.log`),
  });
  started.push(replica);
  replica.start();
  return replica;
}

/** Expects the service to end with 1 and one line that matches. */
async function refused(replica: Replica, line: RegExp): Promise<void> {
  expect([await replica.ended, replica.lastLines(9)]).toEqual([
    { code: 1, signal: null },
    expect.stringMatching(line),
  ]);
}

beforeAll(async () => {
  for (const name of contextNames)
    if (!existsSync(join(root, 'apps', name, 'bundle/main.js'))) throw new Error(`apps/${name} is not built`);
  const { mongodb, kafka, redis } = await up();
  servers = {
    mongoUrl: mongodb,
    kafkaBrokers: [kafka],
    redisUrl: redis,
    namespace: `test-${randomBytes(6).toString('hex')}`,
    partitions: 1,
  };
  port = (await claimPorts(folder, ['service']))['service']!;
  connection = await mongoose.createConnection(mongodb).asPromise();
  await prepareCluster({ ...servers, contexts: contextNames, replication: 1 });
  for (const context of contextNames) {
    const database = connection.getClient().db(`${servers.namespace}-${context}`);
    await database.collection('settings').deleteMany({});
    const collections = JSON.parse(readFileSync(join(kept, `${context}.json`), 'utf8')) as object;
    for (const [name, documents] of Object.entries(collections))
      await database.collection(name).insertMany(documents as mongoose.mongo.Document[]);
  }
}, 120_000);

afterAll(async () => {
  await Promise.all(started.map((replica) => replica.kill()));
  await connection.close();
  await deleteCluster({ ...servers, contexts: contextNames });
  rmSync(folder, { recursive: true });
}, 60_000);

describe('on the databases of an earlier release', () => {
  it.each([
    ['interaction-log', 'cardKey', 'card'],
    ['feedback', 'cardKey', 'card'],
    ['patron-profile', 'cardKey', 'card'],
    ['patron-profile', 'masterKey', 'master'],
  ] as const)(
    '%s with another %s ends with one line, and has written nothing',
    async (name, key, word) => {
      const { namespace } = servers;
      await refused(
        service(name, { [key]: Buffer.alloc(32, 9) }),
        new RegExp(`^The database ${namespace}-${name} was made with another ${word} key: .*$`),
      );
      expect(await settingsOf(name)).toEqual([{ _id: 'partitions', value: 1 }]);
      expect(await settingsOf('settings')).toEqual([]);
    },
    60_000,
  );

  it('a service with the right keys starts, and its siblings must have the same', async () => {
    const first = service('patron-profile');
    await first.ready();
    const found = await fetch(`http://127.0.0.1:${port}/v1/patrons?card=K100200`, {
      headers: { authorization: `Bearer ${testKeys.adminKey}` },
    });
    expect(await found.json()).toMatchObject({ items: [{ familyName: 'Hopper' }] });
    expect((await first.stop()).code).toBe(0);
    const names = (settings: { _id: unknown }[]) => settings.map(({ _id }) => _id).sort();
    expect(names(await settingsOf('patron-profile'))).toEqual([
      'cardKey',
      'format',
      'masterKey',
      'partitions',
    ]);
    expect(names(await settingsOf('settings'))).toEqual(['cardKey', 'masterKey']);
    // Nothing that analytics stores depends on the card key.
    await refused(
      service('analytics', { cardKey: Buffer.alloc(32, 9) }),
      /^The deployment \S+ \(database \S+-settings\) was made with another card key: .*$/,
    );
  }, 120_000);

  it('a database of a newer format is not served', async () => {
    const database = connection.getClient().db(`${servers.namespace}-feedback`);
    await database.collection('settings').insertOne({ _id: 'format' as never, value: 99 });
    await refused(
      service('feedback'),
      /^The database \S+-feedback has format 99, and this release knows formats up to 2: .*$/,
    );
  }, 60_000);
});

import { defaultFolder } from '#servers';
import {
  clusterAdapters,
  prepareCluster,
  type ClusterAdapters,
  type ClusterServers,
} from '@readership/cluster';
import { fact } from '@readership/contracts';
import { digest, Relay, type AnyEvent } from '@readership/kernel';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consoleProducer, headersOn, kcat, shell, type Sent } from './producers.js';

const main = join(import.meta.dirname, '../../apps/interaction-log/bundle/main.js');
const addresses = JSON.parse(readFileSync(join(defaultFolder(), 'servers.json'), 'utf8')) as Record<
  'kafka' | 'mongodb' | 'redis',
  string
>;
const servers: ClusterServers = {
  mongoUrl: addresses.mongodb,
  kafkaBrokers: [addresses.kafka],
  redisUrl: addresses.redis,
  namespace: `spec-${randomBytes(6).toString('hex')}`,
  partitions: 3,
};
const topic = `${servers.namespace}.ingest`;
const to = { broker: addresses.kafka, topic };
const masterKey = randomBytes(32);
const cardKey = randomBytes(32);
const adminKey = randomUUID();
const environment = {
  PATH: process.env['PATH'],
  READERSHIP_PORT: '0',
  READERSHIP_MONGODB_URL: servers.mongoUrl,
  READERSHIP_KAFKA_BROKERS: addresses.kafka,
  READERSHIP_REDIS_URL: servers.redisUrl,
  READERSHIP_NAMESPACE: servers.namespace,
  READERSHIP_PARTITIONS: String(servers.partitions),
  READERSHIP_ADMIN_KEY: adminKey,
  READERSHIP_MASTER_KEY: masterKey.toString('base64'),
  READERSHIP_CARD_KEY: cardKey.toString('base64'),
  READERSHIP_LINK_KEY: randomBytes(32).toString('base64'),
};
const source = 'urn:ils:north';

/** The interaction log as it is deployed, in its own process. */
class Service {
  url = '';
  private child: ChildProcess | null = null;

  async start(): Promise<void> {
    const child = spawn(process.execPath, [main], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let printed = '';
    for (const output of [child.stdout!, child.stderr!]) {
      output.on('data', (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-20_000)));
    }
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${printed}`);
      this.url = /"url":"([^"]+)"/.exec(printed)?.[1] ?? '';
      return this.url !== '';
    });
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async ask(path: string, method = 'GET', body?: object): Promise<{ status: number; body: any }> {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as unknown };
  }

  /** The number of facts it published: one for each anonymous interaction. */
  async published(): Promise<number> {
    const { body } = await this.ask('/v1/audit/log?context=interaction-log');
    return body.partitions.reduce((sum: number, { published }: { published: number }) => sum + published, 0);
  }

  async letters(): Promise<any[]> {
    const letters: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await this.ask(`/v1/dead-letters?limit=200${cursor && `&cursor=${cursor}`}`);
      letters.push(...body.items);
      cursor = body.nextCursor;
    }
    return letters;
  }

  async isRecorded(id: string): Promise<boolean> {
    return (await this.ask(`/v1/interactions/${digest(`${source}\0${id}`)}`)).status === 200;
  }
}

async function until(holds: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  for (const end = Date.now() + withinMs; !(await holds());) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms`);
    await pause(250);
  }
}

/** Publishes a branch as the patron profile would. */
async function addBranch(adapters: ClusterAdapters, id: string): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const meta = { commandId: randomUUID(), at: new Date().toISOString(), actor: 'test' };
  const branch = { id, name: id, library: 'CITY', timeZone: 'Europe/Berlin' };
  const data = { key: `branch-${id}`, fact: fact('BranchAdded', branch) };
  await store.append(`branch-${id}`, 0, [{ type: 'Told', data }], meta);
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

let count = 0;
const good: string[] = [];
const bad: string[] = [];
/** Dead letters that were taken in the end. They count as recorded, and are still listed. */
let replayed = 0;
const attributes = (id = `event-${++count}`) => ({
  specversion: '1.0',
  source,
  id,
  type: 'org.readership.interaction.v1',
  time: '2024-03-31T09:15:00Z',
});
const data = { kind: 'loan', branch: 'NORTH' };
const binaryHeaders = (of: object): Record<string, string> => ({
  'content-type': 'application/json',
  ...Object.fromEntries(Object.entries(of).map(([name, value]) => [`ce_${name}`, String(value)])),
});
const structuredHeaders = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const structured = (event: object): Sent => ({
  headers: structuredHeaders,
  value: JSON.stringify({ data, ...event }),
});

function well(form: 'binary' | 'structured'): Sent {
  const of = attributes();
  good.push(of.id);
  const key = `key-${count % 7}`;
  if (form === 'structured') return { ...structured(of), key };
  return { key, headers: { ...binaryHeaders(of), empty: null }, value: JSON.stringify(data) };
}

function ill(reason: string, record: Sent): Sent {
  bad.push(reason);
  return record;
}

const rubbish = (): Sent[] => [
  ill('TOMBSTONE', { key: 'gone', value: null }),
  ill('NOT_A_CLOUDEVENT', { value: 'hello' }),
  ill('MALFORMED_JSON', { headers: structuredHeaders, value: '{"source":' }),
  ill('UNKNOWN_KIND', structured({ ...attributes(), data: { ...data, kind: 'dance' } })),
  ill('TIME_IN_FUTURE', structured({ ...attributes(), time: '2999-01-01T00:00:00Z' })),
  ill('UNKNOWN_SOURCE', structured({ ...attributes(), source: 'urn:stranger' })),
  ill('SOURCE_NOT_ALLOWED', structured({ ...attributes(), data: { ...data, branch: 'SOUTH' } })),
];

/** Valid records with some invalid ones. */
function mixed(records: number): Sent[] {
  const sent: Sent[] = [];
  while (sent.length < records) {
    for (let n = 0; n < 10; n++) sent.push(well(n % 2 === 0 ? 'binary' : 'structured'));
    sent.push(...rubbish());
  }
  return sent;
}

/** Expects that everything sent so far is recorded once or parked once, and stays so. */
async function accountedFor(service: Service): Promise<void> {
  const recorded = good.length + replayed;
  for (const id of good.slice(-20)) await until(() => service.isRecorded(id), 240_000);
  await until(async () => (await service.published()) >= recorded);
  await until(async () => (await service.letters()).length >= bad.length);
  await pause(1_000);
  expect(await service.published()).toBe(recorded);
  expect((await service.letters()).map(({ reason }) => reason as string).sort()).toEqual([...bad].sort());
}

const service = new Service();
let neighbour: ClusterAdapters;

beforeAll(async () => {
  await prepareCluster({ ...servers, contexts: ['patron-profile', 'interaction-log'], replication: 1 });
  neighbour = await clusterAdapters({
    ...servers,
    context: 'patron-profile',
    masterKey,
    cardKey,
    ratePerSecond: 1_000,
    kafkaSessionMs: 30_000,
    onError: () => {},
  });
  for (const id of ['NORTH', 'SOUTH']) await addBranch(neighbour, id);
  await service.start();
  const { status } = await service.ask('/v1/sources', 'PUT', { source, branches: ['NORTH'] });
  expect(status).toBe(200);
}, 120_000);

afterAll(async () => {
  await service.end('SIGTERM');
  await neighbour.close();
});

it('good and bad records of the console producer and of kcat: the good are recorded once, the bad are parked', async () => {
  await consoleProducer(to, mixed(100));
  await kcat(to, [
    well('binary'),
    well('structured'),
    ...rubbish(),
    ill('NOT_UTF8', { headers: structuredHeaders, value: Buffer.from([0x7b, 0xff, 0x7d]) }),
    ill('NOT_UTF8', { headers: binaryHeaders(attributes()), value: Buffer.from([0x22, 0xc3, 0x22]) }),
    ill('RECORD_TOO_LARGE', { headers: structuredHeaders, value: Buffer.alloc(2_000_000, 0x20) }),
    well('structured'),
  ]);
  await accountedFor(service);
}, 240_000);

it('the commands of docs/ingest.md do what it says', async () => {
  const document = readFileSync(join(import.meta.dirname, '../../docs/ingest.md'), 'utf8');
  const commands = [...document.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command!);
  expect(commands.length).toBe(3);
  await shell(commands.join('\n').replaceAll('readership.ingest', topic), {
    BROKER: addresses.kafka,
    URL: service.url,
    KEY: adminKey,
  });
  good.push('loan-1', 'loan-2');
  await accountedFor(service);
}, 120_000);

it('records that were compressed in any way are read, and hold up nothing', async () => {
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await consoleProducer({ ...to, compression }, [well('structured'), well('binary')]);
    await kcat({ ...to, compression }, [well('structured')]);
  }
  await accountedFor(service);
}, 240_000);

it('what is parked lies on the topic of dead letters, with its reason and where it came from', async () => {
  const lines = await headersOn({ ...to, topic: `${servers.namespace}.dead-letters` });
  const reasons = lines.map((line) => /rs_reason=([A-Z_0-9]+)/.exec(line)?.[1]);
  expect(reasons.sort()).toEqual([...bad].sort());
  const stranger = lines.find((line) => line.includes('rs_reason=UNKNOWN_SOURCE'))!;
  expect(stranger).toContain(`rs_topic=${topic}`);
  expect(stranger).toContain('rs_source=urn:stranger');
  expect(stranger).toContain('content-type=application/cloudevents+json');
}, 60_000);

it('is replayed over HTTP once its source is allowed, without Kafka', async () => {
  const letter = (await service.letters()).find(({ reason }) => reason === 'UNKNOWN_SOURCE');
  const replay = () => service.ask(`/v1/dead-letters/${letter.id}/replay`, 'POST');
  expect(await replay()).toMatchObject({ status: 409, body: { code: 'STILL_REFUSED' } });
  await service.ask('/v1/sources', 'PUT', { source: 'urn:stranger', branches: ['NORTH'] });
  const before = await service.published();
  expect(await replay()).toMatchObject({ status: 200, body: { state: 'replayed' } });
  expect(await replay()).toMatchObject({ status: 200, body: { state: 'replayed' } });
  await until(async () => (await service.published()) === before + 1);
  await service.ask('/v1/sources/revoke', 'POST', { source: 'urn:stranger' });
  replayed++;
}, 60_000);

it('a service that is killed in the middle records and parks everything once after it came back', async () => {
  let next = good.length;
  const sending = consoleProducer(to, mixed(5_000));
  const last = good.at(-1)!;
  for (let kills = 0; kills < 2; kills++) {
    // Some hundred beyond what was recorded before, so that it is in the middle of a batch.
    while (await service.isRecorded(good[next]!)) next += 200;
    await until(() => service.isRecorded(good[next]!), 180_000);
    expect(await service.isRecorded(last)).toBe(false);
    await service.end('SIGKILL');
    await service.start();
  }
  await sending;
  await accountedFor(service);
}, 600_000);

import { defaultFolder, portsOf, up } from '#servers';
import { faultProxyTo } from '@readership/cluster/testing';
import { defaultPolicy } from '@readership/contracts';
import { loadSecrets, readConfig } from '@readership/host';
import { RunningCluster } from '../cluster/running-cluster.js';
import { Adversary, type Battlefield } from './adversary.js';
import { operate, parkedRecords, prepare, readBack, serves, settled } from './wait-until-idle.js';
import { Client } from './client.js';
import { gather } from './evidence.fixture.js';
import { expectedEvents } from './expectations.js';
import { figuresOf } from './figures.js';
import { historyOf } from './history.js';
import { Injector } from './injected.js';
import { itemId, Ledger } from './ledger.js';
import {
  accountedFor,
  equalToHistory,
  equalToRefold,
  inOrder,
  nothingElsePublished,
  storedOnce,
} from './oracles.js';
import { refolded } from './refold.js';
import { scheduleOf, type FaultKind } from './schedule.js';
import { Topic } from './topic.js';
import { ask } from './traffic.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly requestsPerSecond: number;
  /** Defaults to all kinds. */
  readonly kinds?: readonly FaultKind[];
  readonly say: (line: string) => void;
  /** Ends the run early, in order. */
  readonly signal: AbortSignal;
}

interface Field extends Battlefield {
  readonly topic: Topic;
  readonly ledger: Ledger;
  readonly client: Client;
}

const partitions = 3;
const sessionMs = 6_000;
const { qualifying } = defaultPolicy;

/** Runs the four services, injects faults by seed, and resolves to what is found wrong; empty when all is well. */
export async function chaos(options: ChaosOptions): Promise<readonly string[]> {
  const { say, signal } = options;
  const addresses = await up();
  const ports = portsOf(defaultFolder());
  const proxies = {
    mongodb: await faultProxyTo(addresses.mongodb),
    kafka: await faultProxyTo(`kafka://127.0.0.1:${ports['detourEnd']}`, ports['detour']!),
  };
  const cluster = await RunningCluster.start({
    partitions,
    replicas: { 'interaction-log': 2, analytics: 2 },
    settings: {
      READERSHIP_MONGODB_URL: proxies.mongodb.url,
      READERSHIP_KAFKA_BROKERS: `127.0.0.1:${proxies.kafka.port}`,
      READERSHIP_KAFKA_SESSION_MS: String(sessionMs),
    },
  });
  say(`the services' logs: ${cluster.folder}`);
  const topic = new Topic(addresses.kafka, `${cluster.servers.namespace}.events`, partitions);
  const injector = new Injector(topic, partitions);
  const ledger = new Ledger();
  const client = new Client(cluster.url, cluster.key, ledger, qualifying);
  const field = { cluster, proxies, injector, redisPort: ports['redis']!, say, topic, ledger, client };
  let wrong: string[] = ['it was interrupted'];
  try {
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`interrupted: ${String(signal.reason)}`)));
    });
    wrong = await Promise.race([
      harmed(field, options).then(async (found) => [...found, ...(await judged(field)), ...client.broken]),
      interrupted,
    ]);
  } finally {
    const bad = await cluster.stop();
    for (const proxy of Object.values(proxies)) proxy.close();
    wrong.push(...bad.map((name) => `${name} did not end in order`));
    if (wrong.length === 0) await cluster.forget();
    else say(`kept for whoever looks: ${cluster.folder}, namespace ${cluster.servers.namespace}`);
  }
  return wrong;
}

/** Sends the history while faults happen. In the end it sends again whatever has no known outcome. */
async function harmed(field: Field, options: ChaosOptions): Promise<readonly string[]> {
  const { seed, minutes, requestsPerSecond, kinds } = options;
  const { client, ledger, say } = field;
  await prepare(client, qualifying);
  const history = historyOf(seed, Math.floor(minutes * 60 * requestsPerSecond));
  const schedule = scheduleOf(seed, { minutes, sessionMs, partitions, ...(kinds ? { kinds } : {}) });
  const adversary = new Adversary(field);
  const begun = performance.now();
  const after = (): string => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  const asking = ask(client, history, requestsPerSecond).finally(() => say(`${after()}: all is asked`));
  const harming = adversary.carryOut(schedule.faults).finally(() => say(`${after()}: no fault is left`));
  const [unknown] = await Promise.all([asking, harming]);
  const wrong = [...adversary.wrong];
  for (const wish of unknown) {
    if (!(await client.ask(wish)))
      wrong.push(`${wish.do} is not acknowledged though nothing is wrong any more`);
  }
  say(`${ledger.acknowledged} acknowledged, ${client.repeats} repeated, ${unknown.length} of unknown fate`);
  return [...wrong, ...ledger.refused.map((refusal) => `refused though it was in order: ${refusal}`)];
}

/** Waits until everything is idle, and compares what is stored, published and answered with what was acknowledged. */
async function judged({ client, cluster, injector, ledger, say, topic }: Field): Promise<readonly string[]> {
  const wrong: string[] = [];
  const begun = performance.now();
  await settled(client);
  if (!(await serves(client, ledger.windowMonths)))
    wrong.push('O7 the policy in force is not that of the figures');
  say(`at rest after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await operate(client, injector);
  wrong.push(...accountedFor(await settled(client), await parkedRecords(client)));

  const { secrets } = loadSecrets(readConfig({ READERSHIP_DATA: cluster.folder }));
  const found = await gather(cluster.servers, secrets, topic);
  wrong.push(
    ...storedOnce(found.events, expectedEvents(ledger)),
    ...found.records.flatMap(inOrder),
    ...nothingElsePublished(found.records, found.events),
    ...equalToRefold(found.models, await refolded(found, injector.poisoned)),
    ...(await readBack(client, ledger)),
  );
  // Requests without a known outcome belong to the history when their events were stored.
  const streams = new Set(found.events.map(({ stream }) => stream));
  const items = [...ledger.items.values()].filter(({ item }) =>
    streams.has(`interaction-${itemId(item.number)}`),
  );
  const figures = await figuresOf(client, ledger, items, qualifying);
  const records = found.records.flat().length;
  say(`${found.events.length} events, ${records} records and ${figures.length} figures judged`);
  return [...wrong, ...equalToHistory(figures)];
}

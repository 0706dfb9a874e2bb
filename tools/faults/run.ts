import { defaultFolder, portsOf, up } from '#servers';
import { loadSecrets, readConfig } from '@readership/host';
import { defaultPolicy, type ActivityPolicy } from '@readership/contracts';
import { setTimeout as pause } from 'node:timers/promises';
import { contexts, type ContextAudit } from '@readership/client';
import { inequalities } from '../cli/audit.js';
import { RunningCluster } from '../cluster/running-cluster.js';
import { Adversary } from './adversary.js';
import { Client } from './client.js';
import { gather } from './evidence.js';
import { expectedEvents } from './expectations.js';
import { scheduleOf, type FaultKind } from './schedule.js';
import { figuresOf } from './figures.js';
import { consortium, directory, historyOf } from './history.js';
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
import { roadTo } from './road.js';
import { Topic } from './topic.js';
import { ask } from './traffic.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly requestsPerSecond?: number;
  /** Absent: all. */
  readonly kinds?: readonly FaultKind[];
  readonly say?: (line: string) => void;
}

const partitions = 3;
const sessionMs = 6_000;
/** So long after the last fault everything must be published, applied and answered from. */
const settlesWithinMs = 120_000;
const asksAtOnce = 8;

/** Runs the four services, harms them by seed, and resolves to what the oracles find wrong: nothing, if all is well. */
export async function chaos(options: ChaosOptions): Promise<readonly string[]> {
  const { seed, minutes, requestsPerSecond = 8, kinds, say = () => undefined } = options;
  const addresses = await up();
  const ports = portsOf(defaultFolder());
  const roads = {
    mongodb: await roadTo(ports['mongodb']!),
    kafka: await roadTo(ports['detourEnd']!, ports['detour']!),
  };
  const cluster = await RunningCluster.start({
    partitions,
    replicas: { 'interaction-log': 2, analytics: 2 },
    settings: {
      READERSHIP_MONGODB_URL: `mongodb://127.0.0.1:${roads.mongodb.port}`,
      READERSHIP_KAFKA_BROKERS: `127.0.0.1:${roads.kafka.port}`,
      READERSHIP_KAFKA_SESSION_MS: String(sessionMs),
    },
  });
  say(`logs: ${cluster.folder}`);
  const wrong: string[] = [];
  try {
    const topic = new Topic(addresses.kafka, `${cluster.servers.namespace}.events`, partitions);
    const injector = new Injector(topic, partitions);
    const ledger = new Ledger();
    const { qualifying } = defaultPolicy;
    const client = new Client(cluster.url, cluster.key, ledger, qualifying);
    await prepare(client, qualifying);

    const schedule = scheduleOf(seed, { minutes, sessionMs, partitions, ...(kinds ? { kinds } : {}) });
    const history = historyOf(seed, Math.floor(minutes * 60 * requestsPerSecond));
    const adversary = new Adversary({ cluster, roads, injector, redisPort: ports['redis']!, say });
    const [unknown] = await Promise.all([
      ask(client, history, requestsPerSecond),
      adversary.carryOut(schedule.faults),
    ]);
    wrong.push(...adversary.wrong);
    say(
      `${ledger.acknowledged} acknowledged, ${client.repeats} repeated, ${unknown.length} to be asked again`,
    );
    for (const wish of unknown) {
      if (!(await client.ask(wish)))
        wrong.push(`${wish.do} is not acknowledged though nothing is wrong any more`);
    }
    wrong.push(...ledger.refused.map((refusal) => `refused though it was in order: ${refusal}`));

    await operate(client, injector);
    const begun = performance.now();
    if (!(await serves(client, ledger.windowMonths)))
      wrong.push('O7 the figures are not of the policy in force');
    const accounts = await settled(client);
    say(`at rest ${((performance.now() - begun) / 1000).toFixed(1)} s after the last fault`);
    wrong.push(...accountedFor(accounts, await parkedRecords(client)));

    const { masterKey } = loadSecrets(readConfig({ READERSHIP_DATA: cluster.folder })).secrets;
    const found = await gather(cluster.servers, masterKey, topic);
    wrong.push(
      ...storedOnce(found.events, expectedEvents(ledger)),
      ...found.records.flatMap(inOrder),
      ...nothingElsePublished(found.records, found.events),
      ...equalToRefold(found.models, await refolded(found, injector.poisoned)),
    );
    const streams = new Set(found.events.map(({ stream }) => stream));
    const items = [...ledger.items.values()].filter(({ item }) =>
      streams.has(`interaction-${itemId(item.number)}`),
    );
    wrong.push(...(await readBack(client, ledger)));
    const figures = await figuresOf(client, ledger, items, qualifying);
    wrong.push(...equalToHistory(figures));
    say(
      `${found.events.length} events, ${found.records.flat().length} records, ${figures.length} figures compared`,
    );
    return wrong;
  } finally {
    const bad = await cluster.stop();
    for (const road of Object.values(roads)) road.close();
    if (wrong.length === 0) await cluster.forget();
    else say(`kept for whoever looks: ${cluster.folder}, namespace ${cluster.servers.namespace}`);
    wrong.push(...bad.map((name) => `${name} did not end in order`));
  }
}

/** The directory, and a first interaction's branch known to everybody. */
async function prepare(client: Client, qualifying: ActivityPolicy['qualifying']): Promise<void> {
  await client.demand('PUT', '/v1/consortium', consortium(12, qualifying));
  for (const library of directory.libraries) await client.demand('POST', '/v1/libraries', library);
  for (const branch of directory.branches) await client.demand('POST', '/v1/branches', branch);
  await client.demand('POST', '/v1/surveys', directory.survey);
  await settled(client);
}

interface ParkedPage {
  readonly items: readonly { readonly model: string; readonly partition: number; readonly key: string }[];
  readonly nextCursor: string | null;
}

const parkingContexts = ['interaction-log', 'analytics', 'feedback', 'patron-profile'];

async function parkedIn(client: Client, context: string): Promise<ParkedPage['items']> {
  const items: ParkedPage['items'][number][] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: ParkedPage = await client.read(`/v1/parked?context=${context}${from}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

async function parkedRecords(client: Client): Promise<number> {
  let count = 0;
  for (const context of parkingContexts) count += (await parkedIn(client, context)).length;
  return count;
}

/** Gives up what cannot be read, of the keys that are to be mended, and lets what waits behind it be applied. */
async function operate(client: Client, { poisoned }: Injector): Promise<void> {
  await settled(client);
  const mended = new Set(poisoned.filter(({ discarded }) => discarded).map(({ key }) => key));
  for (const context of parkingContexts) {
    const lanes = new Map(
      (await parkedIn(client, context))
        .filter(({ key }) => mended.has(key))
        .map((item) => [`${item.model} ${item.partition} ${item.key}`, item]),
    );
    for (const { model, partition, key } of lanes.values()) {
      await client.demand('POST', `/v1/parked/discard?context=${context}`, { model, partition, key });
      await client.demand('POST', `/v1/parked/replay?context=${context}`, { model, partition, key });
    }
  }
}

/** O7: asks for the accounts until nothing waits anywhere, twice in a row, or it takes too long. */
async function settled(client: Client): Promise<readonly ContextAudit[]> {
  const until = Date.now() + settlesWithinMs;
  let quiet = 0;
  for (;;) {
    const accounts: ContextAudit[] = [];
    for (const context of contexts)
      accounts.push(await client.read<ContextAudit>(`/v1/audit/log?context=${context}`));
    quiet = inequalities(accounts).length === 0 ? quiet + 1 : 0;
    if (quiet === 2 || Date.now() > until) return accounts;
    await pause(500);
  }
}

/** O7: whether the figures come to be those of the last policy, whoever is asked. */
async function serves(client: Client, windowMonths: number): Promise<boolean> {
  const until = Date.now() + settlesWithinMs;
  for (let agreeing = 0; agreeing < 4;) {
    const { policy } = await client.read<{ policy: { windowMonths: number } }>('/v1/metrics/visits');
    agreeing = policy.windowMonths === windowMonths ? agreeing + 1 : 0;
    if (Date.now() > until) return false;
    if (agreeing === 0) await pause(500);
  }
  return true;
}

/** O1 over HTTP: what was acknowledged is answered by its id. */
async function readBack(client: Client, ledger: Ledger): Promise<readonly string[]> {
  const wrong: string[] = [];
  const waiting = [...ledger.items.values()].filter(({ acknowledged }) => acknowledged);
  const one = async (): Promise<void> => {
    for (let known = waiting.pop(); known; known = waiting.pop()) {
      const { item, now, status } = known;
      const view = await client
        .read<Record<string, unknown>>(`/v1/interactions/${itemId(item.number)}`)
        .catch(() => null);
      const { time, kind, branch, quantity } = now;
      const same = Object.entries({ time, kind, branch, quantity, status }).every(
        ([name, is]) => view?.[name] === is,
      );
      if (!same) wrong.push(`O1 item ${item.number} is not answered as it was acknowledged`);
    }
  };
  await Promise.all(Array.from({ length: asksAtOnce }, one));
  return wrong;
}

// Measures how long after its acknowledgement an event is included in the figures, while a cluster of four services
// takes a steady stream: loans in batches of 50 by HTTP, through the gateway, and an analyst who asks for the loans of
// each branch again and again. The readers of a partition of the log all use one branch, so its loans are counted in
// the order in which they were recorded: the n-th that an answer counts is the n-th that was acknowledged. The latency
// ends when that answer has arrived. Starts the servers of tools/backends unless they run. Everything else is its own
// and is removed.
// usage: node tools/dist/bench/event-to-metric.js [events per second] [seconds] [readers]
import { ReadershipClient, type InteractionEvent } from '@readership/client';
import { partitionOf } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import { audit } from '../cli/audit.js';
import { RunningCluster } from '../cluster/running-cluster.js';
import { partitions, removeTopics, serverNames } from './deployment.js';
import { Latencies, latencyHeader, latencyRow, quantiles } from './latencies.js';
import { cpuSeconds, peakMb, residentMb } from './processes.js';
import { countFrom } from './within.js';

const rate = countFrom(process.argv[2], 500, 100_000);
const seconds = countFrom(process.argv[3], 20, 600);
const readers = countFrom(process.argv[4], 600, 100_000);
const warmUpSeconds = 5;
const perRequest = 50;
const perRegistration = 500;
/** The most requests that may wait for their answer. One more is not sent, and the run fails. */
const underwayMax = 100;
const settledMs = 120_000;
/** The pause between two questions, so an answer may be this old. Each question costs the servers about a hundred reads. */
const askAgainMs = 200;
const aimMs = 2_000;

const begun = new Date();
const month = begun.toISOString().slice(0, 7);
const branchOf = (partition: number): string => `B${partition}`;
const everyPartition = Array.from({ length: partitions }, (_, partition) => partition);

interface Reader {
  readonly card: string;
  readonly partition: number;
}

async function prepare(client: ReadershipClient): Promise<readonly Reader[]> {
  await client.send('POST', '/v1/libraries', { id: 'L', name: 'L' });
  for (const partition of everyPartition) {
    const id = branchOf(partition);
    await client.send('POST', '/v1/branches', { id, name: id, library: 'L', timeZone: 'UTC' });
  }
  const all: Reader[] = [];
  for (let at = 0; at < readers; at += perRegistration) {
    const cards = Array.from(
      { length: Math.min(perRegistration, readers - at) },
      (_, i) => `C${String(at + i).padStart(6, '0')}`,
    );
    const outcomes = await client.sendLines(
      '/v1/patrons/batch',
      cards.map((card, i) => ({
        cards: [card],
        givenName: 'Given',
        familyName: 'Family',
        homeBranch: branchOf(i % partitions),
        enrolledOn: '2024-01-04',
      })),
    );
    for (const [i, { outcome, id }] of outcomes.entries()) {
      if (outcome === 'refused' || id === undefined) throw new Error('a reader was refused');
      all.push({ card: cards[i]!, partition: partitionOf(id, partitions) });
    }
  }
  await settled(client);
  return all;
}

/** Resolves when everything recorded is in every read model. */
async function settled(client: ReadershipClient): Promise<void> {
  const { found } = await audit(client, settledMs);
  if (found.length > 0) throw new Error(`not settled: ${found.slice(0, 3).join('; ')}`);
}

/**
 * Sends for the whole time and records when each event was acknowledged. Resolves to the duration of each measured
 * request.
 */
async function stream(
  client: ReadershipClient,
  among: readonly Reader[],
  shown: Latencies,
): Promise<readonly number[]> {
  const everyMs = (1000 * perRequest) / rate;
  const warmUpRequests = Math.ceil((warmUpSeconds * 1000) / everyMs);
  const answeredMs: number[] = [];
  await steadily(warmUpRequests + Math.ceil((seconds * 1000) / everyMs), everyMs, async (request) => {
    const loans = Array.from({ length: perRequest }, (_, i) => {
      const n = request * perRequest + i;
      return { n, reader: among[(n * 7919) % among.length]! };
    });
    const sentAt = performance.now();
    const outcomes = await client.recordMany(loans.map(({ n, reader }) => loan(n, reader)));
    const now = performance.now();
    if (outcomes.some(({ outcome }) => outcome !== 'recorded')) throw new Error('a loan was refused');
    const measured = request >= warmUpRequests;
    if (measured) answeredMs.push(now - sentAt);
    for (const { reader } of loans) shown.acknowledged(reader.partition, now, measured);
  });
  return answeredMs;
}

/**
 * Begins one call after the other at a steady rate, whether or not earlier calls have ended. Rejects when too many have
 * not.
 */
async function steadily(
  count: number,
  everyMs: number,
  work: (number: number) => Promise<void>,
): Promise<void> {
  const from = performance.now();
  const underway = new Set<Promise<void>>();
  let failed: { readonly error: unknown } | undefined;
  for (let number = 0; number < count && !failed; number++) {
    await pause(Math.max(0, from + number * everyMs - performance.now()));
    if (underway.size >= underwayMax)
      throw new Error(`${rate} events/s are too many: ${underwayMax} requests wait for their answer`);
    const one: Promise<void> = work(number)
      .catch((error: unknown) => {
        failed ??= { error };
      })
      .finally(() => underway.delete(one));
    underway.add(one);
  }
  await Promise.all(underway);
  if (failed) throw failed.error;
}

function loan(n: number, { card, partition }: Reader): InteractionEvent {
  return {
    specversion: '1.0',
    type: 'org.readership.interaction.v1',
    source: '/bench',
    id: String(n),
    time: begun.toISOString(),
    data: { kind: 'loan', branch: branchOf(partition), card },
  };
}

/** Asks for the loans of every branch, one request after the other, until told to stop. */
async function watch(client: ReadershipClient, shown: Latencies, enough: () => boolean): Promise<number> {
  let looks = 0;
  for (; !enough(); looks++) {
    const next = performance.now() + askAgainMs;
    await Promise.all(
      everyPartition.map(async (partition) => {
        const question = `scope=branch:${branchOf(partition)}&from=${month}&to=${month}`;
        const { body } = await client.send<{ points: readonly { value: number }[] }>(
          'GET',
          `/v1/metrics/loans?${question}`,
        );
        shown.counted(partition, body.points[0]!.value, performance.now());
      }),
    );
    await pause(Math.max(0, next - performance.now()));
  }
  return looks;
}

interface Service {
  readonly name: string;
  readonly pid: number;
  readonly restMb: number;
  readonly cpuSeconds: number;
}

async function measure(cluster: RunningCluster): Promise<void> {
  const client = new ReadershipClient(cluster.url, cluster.key);
  const among = await prepare(client);
  const shown = new Latencies(partitions);
  const services = cluster.replicas.map(({ name, pid = 0 }): Service => {
    return { name, pid, restMb: residentMb(pid), cpuSeconds: cpuSeconds(pid) };
  });
  const since = performance.now();
  const secondsSince = (): number => (performance.now() - since) / 1000;
  let deadline = Infinity;
  const watching = watch(
    client,
    shown,
    () => performance.now() > deadline || (deadline < Infinity && shown.missing === 0),
  );
  watching.catch(() => undefined);
  const answeredMs = await stream(client, among, shown).catch((error: unknown) => {
    deadline = 0;
    throw error;
  });
  deadline = performance.now() + settledMs;
  const streamedSeconds = secondsSince();
  const looks = await watching;
  const watchedSeconds = secondsSince();
  console.log(
    `${Math.round(shown.events / streamedSeconds)} events/s acknowledged, the last counted ` +
      `${(watchedSeconds - streamedSeconds).toFixed(1)} s after that; ${(looks / watchedSeconds).toFixed(1)} looks a second\n`,
  );
  const { latencies, uncounted } = shown.measured(performance.now());
  console.log(latencyHeader);
  console.log(latencyRow('event to metric', quantiles(latencies), `< ${aimMs}`, 'events'));
  console.log(
    latencyRow('request to acknowledgement', quantiles(answeredMs), '', `requests of ${perRequest}`),
  );
  if (uncounted > 0) await explain(client, uncounted);
  console.log('\n| service | before MB | peak MB | processors busy |\n|---|---|---|---|');
  for (const { name, pid, restMb, cpuSeconds: before } of services) {
    const busy = (cpuSeconds(pid) - before) / watchedSeconds;
    console.log(`| ${name} | ${restMb} | ${peakMb(pid)} | ${busy.toFixed(2)} |`);
  }
}

/** Explains that the stream was too fast for these servers, so the table shows less than the real latency. */
async function explain(client: ReadershipClient, uncounted: number): Promise<void> {
  process.exitCode = 1;
  const { found } = await audit(client, 0);
  console.log(
    `\n${uncounted} events were not counted ${settledMs / 1000} s after the last was sent, and stand above as if counted then. ` +
      `Behind: ${found.length === 0 ? 'nothing' : found.join('; ')}.`,
  );
}

console.log(
  `${rate} events/s for ${seconds} s by ${readers} readers; ${partitions} partitions; Node ${process.versions.node}. ${await serverNames()}.`,
);
const cluster = await RunningCluster.start({ partitions, logLevel: 'warn', ratePerSecond: 100_000 });
try {
  await measure(cluster);
} finally {
  const ended = await cluster.stop();
  if (ended.length > 0) console.error(`ended badly: ${ended.join(', ')}`);
  await cluster.forget();
  await removeTopics(cluster.servers);
}

import { up } from '#servers';
import { ReadershipClient } from '@readership/client';
import { faultProxyTo, type FaultProxy } from '@readership/cluster/testing';
import { contextNames } from '@readership/contracts';
import assert from 'node:assert/strict';
import { RunningCluster } from '../cluster/running-cluster.js';
import { readiness, tells, untilReady } from './readiness.js';
import { interaction, Readership, type Place } from './readership.js';

const backWithinMs = 60_000;

let proxy: FaultProxy;
let cluster: RunningCluster;
let readership: Readership;
let place: Place;

beforeAll(async () => {
  proxy = await faultProxyTo((await up()).mongodb);
  cluster = await RunningCluster.start({ settings: { READERSHIP_MONGODB_URL: proxy.url } });
  readership = new Readership(cluster);
  place = await readership.open('AWAY', ['NORTH']);
}, 120_000);
afterAll(async () => {
  expect(await cluster.stop()).toEqual([]);
  proxy.close();
  await cluster.forget();
}, 60_000);

const visit = (id: string) =>
  interaction(`${id}-${place.suffix}`, '2024-05-06', { kind: 'visit', branch: place.branch('NORTH') });
const lines = (count: number) => Array.from({ length: count }, (_, n) => visit(`line-${n}`));

it('while MongoDB is away everything answers 503 and when to ask again; afterwards nothing is lost', async () => {
  await readership.tell('/v1/interactions', visit('before'));
  proxy.cut();
  const patient = new ReadershipClient(cluster.url, cluster.key).sendLines(
    '/v1/interactions/batch',
    lines(20),
  );
  const asked = [
    { path: '/v1/interactions', body: visit('meanwhile') },
    {
      path: '/v1/interactions/batch',
      body: lines(10)
        .map((line) => JSON.stringify(line))
        .join('\n'),
      headers: { 'content-type': 'application/x-ndjson' },
    },
    { path: '/v1/patrons?card=1' },
    { path: `/v1/metrics/visits?scope=${place.scope}&from=2024-05&to=2024-05` },
    { path: '/v1/audit/log?context=interaction-log' },
    { path: '/v1/parked?context=analytics' },
  ];
  const answers = await Promise.all(
    asked.map((request) => readership.refuses(request, 503, 'STORE_UNAVAILABLE')),
  );
  for (const { headers } of answers) assert.ok(Number(headers.get('retry-after')) > 0);
  proxy.mend();

  expect((await patient).map(({ outcome }) => outcome)).not.toContain('refused');
  await readership.tell('/v1/interactions', visit('meanwhile'));
  await back();
  const accounts = await readership.settled();
  expect(accounts.map(({ holds }) => holds)).toEqual([true, true, true, true]);
  const may = { scope: place.scope, from: '2024-05', to: '2024-05' };
  expect(await readership.figures('visits', may)).toEqual([1 + 20 + 1]);
}, 180_000);

it('while MongoDB is away each service says after a minute that it is not ready, and what it waits for', async () => {
  const { replicas } = cluster;
  expect(replicas.map(({ service }) => service).sort()).toEqual([...contextNames].sort());
  for (const replica of replicas) await untilReady(replica);
  proxy.cut();
  // No request is under way: each service notices by itself.
  const failing = { reason: 'STORE_UNAVAILABLE', address: `MongoDB at 127.0.0.1:${proxy.port}` };
  for (const replica of replicas)
    await tells(replica, { loop: 'relay', context: replica.service, ...failing });
  for (const { port } of replicas) {
    const { status } = await fetch(`http://127.0.0.1:${port}/healthz`);
    assert.equal(status, 200);
  }
  proxy.mend();
  for (const replica of replicas) {
    await untilReady(replica);
    expect(await readiness(replica)).toEqual({ status: 200, failing: [] });
  }
  await readership.tell('/v1/interactions', visit('ready-again'));
  expect((await readership.settled()).map(({ holds }) => holds)).toEqual([true, true, true, true]);
}, 400_000);

/** Resolves when every context answers again. */
async function back(): Promise<void> {
  const until = Date.now() + backWithinMs;
  for (;;) {
    const answered = await readership.accounts().then(
      () => true,
      () => false,
    );
    if (answered) return;
    assert.ok(Date.now() < until, 'not every context answers again');
  }
}

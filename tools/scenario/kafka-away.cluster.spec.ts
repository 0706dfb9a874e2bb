import { defaultFolder, portsOf, up } from '#servers';
import { faultProxyTo, type FaultProxy } from '@readership/cluster/testing';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { RunningCluster } from '../cluster/running-cluster.js';
import { readiness, tells, until, untilReady } from './readiness.js';
import { interaction, Readership, type Place } from './readership.js';

let proxy: FaultProxy;
let cluster: RunningCluster;
let readership: Readership;
let place: Place;
let address: string;

beforeAll(async () => {
  await up();
  const ports = portsOf(defaultFolder());
  proxy = await faultProxyTo(`kafka://127.0.0.1:${ports['detourEnd']}`, ports['detour']!);
  address = `127.0.0.1:${proxy.port}`;
  cluster = await RunningCluster.start({
    settings: { READERSHIP_KAFKA_BROKERS: address, READERSHIP_KAFKA_SESSION_MS: '6000' },
  });
  readership = new Readership(cluster);
  place = await readership.open('AWAY', ['NORTH']);
}, 120_000);
afterEach(() => proxy.mend());
afterAll(async () => {
  expect(await cluster.stop()).toEqual([]);
  proxy.close();
  await cluster.forget();
}, 60_000);

const visit = (id: string) =>
  interaction(`${id}-${place.suffix}`, '2024-05-06', { kind: 'visit', branch: place.branch('NORTH') });

async function may(): Promise<{ value: number; complete: boolean; asOf: string }> {
  const path = `/v1/metrics/visits?scope=${place.scope}&from=2024-05&to=2024-05`;
  const { asOf, points } = await readership.ask(path);
  return { ...points[0], asOf };
}

it('while Kafka is away figures are answered and facts are recorded, and an instance says what fails', async () => {
  const { after } = await readership.tell('/v1/interactions', visit('before'));
  await readership.ask(`/v1/metrics/visits?after=${encodeURIComponent(after)}`);
  await until('the figure is complete', async () => (await may()).complete);
  const before = await may();
  expect(before.value).toBe(1);

  proxy.cut();
  await readership.tell('/v1/interactions', visit('meanwhile'));
  await until('nobody knows whether the figure is complete', async () => !(await may()).complete);
  expect(await may()).toEqual({ ...before, complete: false });
  expect((await readership.ask('/v1/metrics')).figures).toHaveLength(6);
  const [analytics] = cluster.of('analytics');
  const [log] = cluster.of('interaction-log');
  await until('both are unready', async () => {
    const told = await Promise.all([readiness(analytics!), readiness(log!)]);
    return told.every(({ status }) => status === 503);
  });
  const failing = { reason: 'LOG_UNAVAILABLE', address: `Kafka at ${address}` };
  await tells(analytics!, { loop: 'consumer analytics', context: 'analytics', ...failing });
  await tells(log!, { loop: 'relay', context: 'interaction-log', ...failing });
  expect((await may()).value).toBe(1);

  proxy.mend();
  for (const replica of cluster.replicas) await untilReady(replica);
  expect((await readership.settled()).map(({ holds }) => holds)).toEqual([true, true, true, true]);
  await until('both visits are counted', async () => (await may()).value === 2);
  await until('the figure is complete again', async () => (await may()).complete);
}, 300_000);

/** The status with which each of these replicas answers who a credential belongs to. */
const statusesOf = (key: string, replicas = cluster.replicas): Promise<readonly number[]> =>
  Promise.all(
    replicas.map(async ({ port }) => {
      const headers = { authorization: `Bearer ${key}` };
      const answer = await fetch(`http://127.0.0.1:${port}/v1/me`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );

it('while Kafka is away every service takes a key that was just issued, and refuses it five seconds after it was revoked', async () => {
  proxy.cut();
  const asked = { name: 'Monitor of the night', role: 'monitor', scopes: ['consortium'] };
  const { id, key } = (await readership.tell('/v1/api-keys', asked)).body as { id: string; key: string };
  expect(await statusesOf(key)).toEqual(cluster.replicas.map(() => 200));
  const { status } = await readership.send({ method: 'DELETE', path: `/v1/api-keys/${id}` });
  expect(status).toBe(200);
  await pause(5_000);
  expect(await statusesOf(key)).toEqual(cluster.replicas.map(() => 401));
}, 60_000);

it('services that start while Kafka is away serve reads, refuse writes, and go on when it is back', async () => {
  const before = (await may()).value;
  const asked = { name: 'Desk', role: 'front-desk', scopes: ['consortium'] };
  const { key } = (await readership.tell('/v1/api-keys', asked)).body as { key: string };
  proxy.cut();
  const restarted = [...cluster.of('analytics'), ...cluster.of('interaction-log')];
  for (const replica of restarted) {
    await replica.stop();
    replica.start();
  }
  for (const replica of restarted) {
    await until(`${replica.name} answers`, async () => (await readiness(replica)).status === 503);
    const failing = { reason: 'LOG_UNAVAILABLE', address: `Kafka at ${address}` };
    await tells(replica, { loop: 'start', context: replica.service, ...failing });
    await until(`${replica.name} names what it waits for`, async () =>
      readFileSync(replica.command.log, 'utf8')
        .split('\n')
        .some((line) => line.includes('start failed, retrying') && line.includes(`Kafka at ${address}`)),
    );
  }
  expect(await statusesOf(key, restarted)).toEqual(restarted.map(() => 200));
  expect((await may()).value).toBe(before);
  await readership.refuses({ path: '/v1/interactions', body: visit('refused') }, 503, 'LOG_UNAVAILABLE');

  proxy.mend();
  for (const replica of restarted) await untilReady(replica);
  await readership.tell('/v1/interactions', visit('refused'));
  expect((await readership.settled()).map(({ holds }) => holds)).toEqual([true, true, true, true]);
  await until('the visit is counted', async () => (await may()).value === before + 1);
}, 300_000);

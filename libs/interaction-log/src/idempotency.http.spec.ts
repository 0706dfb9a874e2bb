import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { keepsIdempotencyKeys } from '@readership/host/testing/idempotency';
import { Relay, type Adapters, type AnyEvent } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { InteractionLogModule } from './interaction-log.module.js';

const start = new Date('2024-06-01T12:00:00.000Z').getTime();
let at: number;
let adapters: Adapters;
let app: TestApp;
const pass = (hours: number): void => void (at += hours * 3_600_000);

/** Publishes a branch as the patron profile would. */
async function addBranch(id: string): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const meta = { commandId: randomUUID(), at: new Date(start).toISOString(), actor: 'test' };
  const said = fact('BranchAdded', { id, name: id, library: 'CITY', timeZone: 'UTC' });
  const key = `branch-${id}`;
  await store.append(key, 0, [{ type: 'Told', data: { key, fact: said } }], meta);
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

beforeEach(async () => {
  at = start;
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters, { now: () => new Date(at) });
  await addBranch('NORTH');
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const url = '/v1/interactions';
const visit = (id: string) => ({
  ...{ specversion: '1.0', source: '/desk', id, type: 'org.readership.interaction.v1' },
  time: '2024-05-31T09:15:00Z',
  data: { kind: 'visit', branch: 'NORTH' },
});
async function recorded(n: number): Promise<string> {
  const { body } = await app.when({ url, body: visit(`v${n}`) }).then(201);
  return `${url}/${(body as { id: string }).id}`;
}
const binary = (id: string) => {
  const { specversion, source, type, time, data } = visit(id);
  const headers = { 'ce-specversion': specversion, 'ce-source': source, 'ce-type': type, 'ce-time': time };
  return { url, body: data, headers: { ...headers, 'ce-id': id } };
};

keepsIdempotencyKeys(() => ({ app, adapters, pass }), {
  'an interaction': (n) => ({ url, body: visit(`v${n}`) }),
  'an interaction in binary mode': (n) => binary(`v${n}`),
  'a batch of interactions': (n) => ({
    url: `${url}/batch`,
    body: [1, 2, 1].map((line) => JSON.stringify(visit(`v${n}-${line}`))).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  }),
  'a correction': async (n) => ({
    url: `${await recorded(n)}/correct`,
    body: { quantity: 10 + n, reason: 'counted again' },
  }),
  'a withdrawal': async (n) => ({ url: `${await recorded(n)}/withdraw`, body: { reason: `mistake ${n}` } }),
  'a withdrawal that is taken back': async (n) => {
    const of = await recorded(n);
    await app.when({ url: `${of}/withdraw`, body: { reason: 'mistake' } }).then(200);
    return { url: `${of}/restore`, body: { reason: `it was right ${n}` } };
  },
  'the end of a source': async (n) => {
    const source = `/gate/${n}`;
    await app.when({ method: 'PUT', url: '/v1/sources', body: { source, branches: ['NORTH'] } }).then(200);
    return { url: '/v1/sources/revoke', body: { source } };
  },
});

it('a correction that is repeated with its idempotency key does not undo a later one', async () => {
  const one = await recorded(1);
  const correct = (quantity: number, headers: Record<string, string> = {}) =>
    app.when({ url: `${one}/correct`, body: { quantity, reason: 'counted again' }, headers });
  const key = { 'idempotency-key': 'one' };
  await correct(5, key).then(200, { quantity: 5 });
  await correct(7).then(200, { quantity: 7 });
  await correct(5, key).then(200, { quantity: 5 });
  await app.when({ url: one }).then(200, { quantity: 7 });
});

it('a CloudEvent in binary mode is another request when its headers are others', async () => {
  const keyed = (id: string) => {
    const { headers, ...request } = binary(id);
    return { ...request, headers: { ...headers, 'idempotency-key': 'one' } };
  };
  await app.when(keyed('v1')).then(201);
  await app.when(keyed('v2')).thenRefused(422, 'IDEMPOTENCY_KEY_REUSED');
  await app.when(binary('v2')).then(201);
});

import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent } from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { InteractionLogModule } from '../interaction-log.module.js';
import { Intake } from './intake.js';

const at = '2024-06-01T12:00:00.000Z';
const metaNow = () => ({ commandId: randomUUID(), at, actor: 'topic' });
const versions = new Map<string, number>();

let adapters: Adapters;
let app: TestApp;

/** Publishes a fact as the patron profile would. */
async function told(stream: string, said: object): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const version = versions.get(stream) ?? 0;
  versions.set(stream, version + 1);
  const event = { type: 'Told', data: { key: stream, fact: said } };
  await store.append(stream, version, [event], { ...metaNow(), actor: 'test' });
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

let count = 0;
/** Sends a record to the topic. Resolves to `taken`, or to the reason why it is parked. */
async function sent(source: string, branch: string, time = '2024-03-31T09:15:00Z'): Promise<string> {
  const event = {
    ...{ specversion: '1.0', source, id: `event-${++count}`, type: 'org.readership.interaction.v1', time },
    data: { kind: 'loan', branch },
  };
  const record = {
    ...{ offset: count, timestamp: Date.parse(at), key: null },
    value: Buffer.from(JSON.stringify(event)),
    headers: { 'content-type': 'application/cloudevents+json' },
  };
  const [taken] = await app.app.get(Intake, { strict: false }).take([record], metaNow());
  return 'problem' in taken! ? taken.problem.code : 'taken';
}

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters, { now: () => new Date(at) });
  for (const [id, library] of Object.entries({ NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' }))
    await told(`branch-${id}`, fact('BranchAdded', { id, name: id, library, timeZone: 'UTC' }));
  for (const id of ['CITY', 'TOWN']) await told(`library-${id}`, fact('LibraryAdded', { id, name: id }));
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

it('what happened after the last day of its branch is parked, and what happened before is taken', async () => {
  await app
    .when({ method: 'PUT', url: '/v1/sources', body: { source: 'urn:s', branches: ['SOUTH'] } })
    .then(200);
  await told('branch-SOUTH', fact('BranchClosed', { id: 'SOUTH', closedOn: '2024-03-30' }));
  await app.settled();
  expect(await sent('urn:s', 'SOUTH')).toBe('BRANCH_CLOSED');
  expect(await sent('urn:s', 'SOUTH', '2024-03-30T23:59:59Z')).toBe('taken');
});

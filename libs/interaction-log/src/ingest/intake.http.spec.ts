import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent, type TopicRecord } from '@readership/kernel';
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
const structured: TopicRecord['headers'] = { 'content-type': 'application/cloudevents+json' };
function recordOf(
  source: string,
  branch: string,
  time = '2024-03-31T09:15:00Z',
  headers = structured,
): TopicRecord {
  const event = {
    ...{ specversion: '1.0', source, id: `event-${++count}`, type: 'org.readership.interaction.v1', time },
    data: { kind: 'loan', branch },
  };
  const value = Buffer.from(JSON.stringify(event));
  return { offset: count, timestamp: Date.parse(at), key: null, value, headers };
}
/** What becomes of records that lie on the topic one after the other: `taken`, or the reason why it is parked. */
async function taken(...records: readonly TopicRecord[]): Promise<readonly string[]> {
  const outcomes = await app.app.get(Intake, { strict: false }).take(records, metaNow());
  return outcomes.map((one) => ('problem' in one ? one.problem.code : 'taken'));
}
const sent = async (...of: Parameters<typeof recordOf>) => (await taken(recordOf(...of)))[0];
const sentTogether = (...all: readonly (readonly [string, string])[]) =>
  taken(...all.map(([source, branch]) => recordOf(source, branch)));

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

describe('a record of the topic is judged by the grants of its source', () => {
  const allow = (source: string, places: object) =>
    app.when({ method: 'PUT', url: '/v1/sources', body: { source, ...places } }).then(200);

  it('within its branches and libraries, as they are now', async () => {
    await allow('urn:n', { branches: ['NORTH'] });
    await allow('urn:town', { libraries: ['TOWN'] });
    expect(await sent('urn:n', 'NORTH')).toBe('taken');
    expect(await sent('urn:n', 'EAST')).toBe('SOURCE_NOT_ALLOWED');
    expect(await sent('urn:town', 'EAST')).toBe('taken');
    expect(await sent('urn:town', 'NORTH')).toBe('SOURCE_NOT_ALLOWED');
    await told('branch-NORTH', fact('BranchTransferred', { id: 'NORTH', library: 'TOWN' }));
    await app.settled();
    expect(await sent('urn:town', 'NORTH')).toBe('taken');
  });

  it('and never by those of another source that comes with it', async () => {
    await allow('urn:a', { branches: ['NORTH'] });
    await allow('urn:b', { branches: ['EAST'] });
    expect(
      await sentTogether(['urn:a', 'NORTH'], ['urn:a', 'EAST'], ['urn:b', 'EAST'], ['urn:b', 'NORTH']),
    ).toEqual(['taken', 'SOURCE_NOT_ALLOWED', 'taken', 'SOURCE_NOT_ALLOWED']);
    expect(await sentTogether(['urn:a', 'NORTH'], ['urn:c', 'NORTH'])).toEqual(['taken', 'UNKNOWN_SOURCE']);
  });

  it('no more once it is revoked', async () => {
    await allow('urn:r', { branches: ['EAST'] });
    expect(await sent('urn:r', 'EAST')).toBe('taken');
    await app.when({ url: '/v1/sources/revoke', body: { source: 'urn:r' } }).then(200);
    expect(await sentTogether(['urn:r', 'EAST'], ['urn:b', 'EAST'])).toEqual(['UNKNOWN_SOURCE', 'taken']);
  });

  it('whatever name its headers claim besides', async () => {
    await allow('urn:h', { branches: ['EAST'] });
    const headers = { 'content-type': 'application/cloudevents+json', ce_source: 'urn:h' };
    expect(await taken(recordOf('a name with spaces', 'EAST', undefined, headers))).toEqual([
      'UNKNOWN_SOURCE',
    ]);
  });
});

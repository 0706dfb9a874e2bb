import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent } from '@readership/kernel';
import { InteractionLogModule } from '../interaction-log.module.js';

const at = '2024-06-01T12:00:00.000Z';

let adapters: Adapters;
let app: TestApp;

/** Publishes a branch as the patron profile would. */
async function addBranch(id: string): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const data = fact('BranchAdded', { id, name: id, library: 'CITY', timeZone: 'Europe/Berlin' });
  const told = { type: 'Told', data: { key: `branch-${id}`, fact: data } };
  await store.append(`branch-${id}`, 0, [told], { commandId: `add-${id}`, at, actor: 'test' });
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [InteractionLogModule.on(on)], adapters, { now: () => new Date(at) });
  await addBranch('NORTH');
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

let count = 0;
const loan = (data: Record<string, unknown> = {}) => ({
  ...{ specversion: '1.0', source: 'ils', id: `loan-${++count}`, type: 'org.readership.interaction.v1' },
  time: '2024-03-31T09:15:00Z',
  data: { kind: 'loan', branch: 'NORTH', ...data },
});
const one = (body: unknown) => app.http({ url: '/v1/interactions', body });

describe('an interaction in the forms in which it may come', () => {
  it('reads percent-encoded headers and extension attributes of a binary CloudEvent', async () => {
    const event = { ...loan({ card: '102' }), id: 'Euro € 😀' };
    const structured = await one({ ...event, subject: null, sequence: '00017', sampledrate: 1 });
    expect(structured.status).toBe(201);
    const { data, ...attributes } = event;
    const headers = {
      ...Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]),
      ),
      'ce-knativearrivaltime': '2024-03-06T15:20:01Z',
    };
    expect(
      await app.http({ url: '/v1/interactions', body: { ...data, details: null }, headers }),
    ).toMatchObject({
      status: 200,
      body: { id: structured.body.id },
    });
    expect(
      await app.http({ url: '/v1/interactions', body: data, headers: { ...headers, 'ce-id': '%ff' } }),
    ).toMatchObject({ status: 400, body: { code: 'NOT_UTF8' } });
  });

  it('says in a dry run what recording would say, and records nothing', async () => {
    const known = loan({ card: '103' });
    await one(known);
    const fresh = loan({ card: '104' });
    const events = [
      ...[known, fresh, fresh, { ...fresh, time: '2024-03-30T09:15:00Z' }, { ...known, id: 5 }],
      ...[loan({ branch: 'NOWHERE' }), { ...known, time: '2024-03-30T09:15:00Z' }],
    ];
    const ndjson = events.map((event) => JSON.stringify(event)).join('\n');
    const batch = (query: string) =>
      app.http({
        url: `/v1/interactions/batch${query}`,
        body: `${ndjson}\n{`,
        headers: { 'content-type': 'application/x-ndjson' },
      });
    const before = await app.recordedSoFar();
    const said = await batch('?dryRun=true');
    expect(await app.recordedSoFar()).toBe(before);
    expect(said.headers.get('readership-position')).toBeNull();
    expect(said.body).toMatchObject([
      ...[{ outcome: 'already-recorded' }, { outcome: 'recorded' }, { outcome: 'already-recorded' }],
      ...[{ code: 'ID_REUSED' }, { code: 'WRONG_TYPE' }, { code: 'UNKNOWN_BRANCH' }, { code: 'ID_REUSED' }],
      { code: 'MALFORMED_JSON' },
    ]);
    expect(await batch('?dryRun=yes')).toMatchObject({ status: 422, body: { code: 'BAD_QUERY' } });
    expect((await batch('')).body).toEqual(said.body);
  });

  it('keeps that the library began, for any kind, in the fact that it publishes', async () => {
    const { body } = await one(loan({ kind: 'renewal', startedBy: 'library', card: '105' }));
    expect((await app.http({ url: `/v1/interactions/${body.id}` })).body).toMatchObject({
      kind: 'renewal',
      startedBy: 'library',
    });
    const corrected = await app.http({
      url: `/v1/interactions/${body.id}/correct`,
      body: { kind: 'loan', time: null, branch: '', details: ' ', reason: ' wrong key\u200b ' },
    });
    expect(corrected).toMatchObject({ status: 200, body: { kind: 'loan', startedBy: 'library' } });
  });
});

import { memoryAdapters } from '@readership/embedded';
import { eventually } from '@readership/host';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { contextNames } from '@readership/contracts';
import { IngestController } from '@readership/interaction-log';
import { typed } from './messages.fixture.js';
import { modulesOn } from './modules.js';
import { ada, event, north, survey, testimonial } from './requests.fixture.js';

let now: Date;
let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  now = new Date('2024-07-15T12:00:00.000Z');
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now: () => now });
  await app.when({ method: 'PUT', url: '/v1/consortium', body: { name: 'Lakes' } }).then(200);
  await app.when({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } }).then(201);
  await app.when({ url: '/v1/branches', body: north }).then(201);
  await app.settled();
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

interface Act {
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly actor: string;
  readonly stream: string;
  readonly of: object;
}

/** All pages of a list, a page at a time. */
async function whole(url: string, limit = 2): Promise<any[]> {
  const items: object[] = [];
  for (let cursor = ''; ;) {
    const { body } = await app.when({ url: `${url}&limit=${limit}${cursor}` }).then(200);
    items.push(...(body.items as object[]));
    if (body.nextCursor === null) return items;
    cursor = `&cursor=${body.nextCursor}`;
  }
}
const acts = (context: string, more = ''): Promise<Act[]> =>
  whole(`/v1/audit/acts?context=${context}${more}`);
const accesses = (id: string, context: string) => whole(`/v1/patrons/${id}/accesses?context=${context}`, 50);
const pass = (minutes: number) => (now = new Date(now.getTime() + minutes * 60_000));

async function issued(role: string, scopes: readonly string[]): Promise<{ id: string; key: string }> {
  const { body } = await app.when({ url: '/v1/api-keys', body: { name: 'Key', role, scopes } }).then(201);
  return body as { id: string; key: string };
}

it('a leaked key: what it did, in each context, and that it was revoked', async () => {
  const { body } = await app.when({ url: '/v1/patrons', body: ada }).then(201);
  const patronId = (body as { id: string }).id;
  const leaked = await issued('branch-manager', ['consortium']);
  pass(60);
  const { key } = leaked;
  await app.when({ url: `/v1/patrons/${patronId}`, key }).then(200);
  pass(1);
  await app
    .when({ url: '/v1/interactions', body: event({ card: '1001', details: 'a diary' }), key })
    .then(201);
  await app.when({ url: '/v1/surveys', body: survey, key }).then(201);
  await app.when({ url: '/v1/interactions', body: event() }).then(201);
  pass(1);
  await app.when({ method: 'DELETE', url: `/v1/api-keys/${leaked.id}` }).then(200);
  await app.settled();

  const during = `&actor=${leaked.id}&from=2024-07-15T13:00:00Z&to=2024-07-15T14:00:00Z`;
  expect(await acts('patron-profile', during)).toEqual([
    {
      ...{ id: expect.any(String), kind: 'PatronAccessed', at: '2024-07-15T13:00:00.000Z', actor: leaked.id },
      ...{ stream: expect.stringMatching(/^access-/), of: { how: 'id', purpose: 'service', count: 1 } },
    },
  ]);
  const recorded = await acts('interaction-log', during);
  expect(recorded.map(({ kind }) => kind)).toEqual(['InteractionRecorded', 'Referenced']);
  expect(JSON.stringify(recorded)).not.toMatch(/diary|1001/);
  expect(await acts('feedback', during)).toMatchObject([{ kind: 'SurveyCreated', stream: 'survey-spring' }]);
  expect(await acts('analytics', during)).toEqual([]);
  expect(await acts('patron-profile', `&kind=ApiKeyRevoked`)).toEqual([
    {
      ...{ id: expect.any(String), kind: 'ApiKeyRevoked', at: '2024-07-15T13:02:00.000Z', actor: 'admin' },
      ...{ stream: `api-key-${leaked.id}`, of: { id: leaked.id } },
    },
  ]);
});

it('privileged acts, oldest first, between two times and of a kind', async () => {
  const key = await issued('analyst', ['consortium']);
  pass(24 * 60 * 40);
  await app.when({ url: `/v1/api-keys/${key.id}/rotate`, body: { overlapHours: 1 } }).then(200);
  pass(10);
  await app
    .when({
      method: 'PATCH',
      url: '/v1/branches/NORTH',
      body: { population: 9 },
      headers: { 'if-match': '*' },
    })
    .then(200);
  await app.when({ url: '/v1/patrons', body: ada }).then(201);
  await app.settled();
  const kinds = async (more: string) => (await acts('patron-profile', more)).map(({ kind }) => kind);
  expect(await kinds('&from=2024-07-01')).toEqual([
    ...['ConsortiumConfigured', 'LibraryAdded', 'BranchAdded', 'ApiKeyIssued'],
    ...['ApiKeyRotated', 'BranchPopulationStated'],
  ]);
  expect(await kinds('')).toEqual(['ApiKeyRotated', 'BranchPopulationStated']);
  expect(await kinds('&to=2024-07-15')).toHaveLength(4);
  expect(await kinds('&from=2024-08-24T12:05:00Z')).toEqual(['BranchPopulationStated']);
  expect(await kinds('&from=2024-07-01&kind=BranchAdded')).toEqual(['BranchAdded']);
  expect(await kinds('&from=1990-01-01&kind=BranchAdded')).toEqual(['BranchAdded']);
});

it('acts of operators have their actor in each context', async () => {
  await app
    .when({ method: 'PUT', url: '/v1/sources', body: { source: 'urn:ils:north', branches: ['NORTH'] } })
    .then(200);
  const records = [
    {
      ...{ offset: 1, timestamp: now.getTime(), key: null, headers: typed('application/cloudevents+json') },
      value: Buffer.from(JSON.stringify(event({ branch: 'GONE' }))),
    },
  ];
  await app.app
    .get(IngestController, { strict: false })
    .take({ topic: 'readership.ingest', partition: 0, records });
  await app.settled();
  const { body } = await app.when({ url: '/v1/dead-letters' }).then(200);
  const [{ id }] = (body as { items: [{ id: string }] }).items;
  await app.when({ method: 'POST', url: `/v1/dead-letters/${id}/discard` }).then(200);
  const rebuild = { url: '/v1/rebuilds?context=analytics', body: { model: 'volumes' } };
  const { body: begun } = await app.when(rebuild).then(201);
  const isCompared = async () =>
    (await app.when({ url: `/v1/rebuilds/${begun.id}?context=analytics` }).then(200)).body.state ===
      'compared' || null;
  await eventually(isCompared, 20_000);
  await app.when({ method: 'POST', url: `/v1/rebuilds/${begun.id}/switch?context=analytics` }).then(200);
  await app.settled();
  const done = await Promise.all(
    contextNames.map(async (context) =>
      (await acts(context))
        .filter(({ actor }) => actor === 'admin')
        .map(({ kind, of }) => `${context} ${kind} ${JSON.stringify(of)}`),
    ),
  );
  expect(done.flat()).toEqual([
    'patron-profile ConsortiumConfigured {}',
    'patron-profile LibraryAdded {"id":"CITY"}',
    'patron-profile BranchAdded {"id":"NORTH","library":"CITY"}',
    'interaction-log SourceAllowed {"source":"urn:ils:north","libraries":[],"branches":["NORTH"]}',
    'interaction-log RecordDiscarded {}',
    'analytics BuildStarted {"number":2,"rebuilds":"volumes"}',
    'analytics BuildServed {"number":2}',
  ]);
});

it('what belongs to a patron is shown with a record in the context that shows it', async () => {
  const { body } = await app.when({ url: '/v1/patrons', body: ada }).then(201);
  const patronId = (body as { id: string }).id;
  await app.settled();
  const made = await app.when({ url: '/v1/interactions', body: event({ card: '1001' }) }).then(201);
  const anonymous = await app.when({ url: '/v1/interactions', body: event() }).then(201);
  const interaction = `/v1/interactions/${made.body.id}`;
  await app.when({ url: interaction }).then(200, { patronId });
  await app.when({ url: `/v1/interactions/${anonymous.body.id}` }).then(200);
  await app
    .when({ url: `${interaction}/correct`, body: { kind: 'visit', reason: 'a slip' } })
    .then(200, { patronId });
  await app.when({ url: '/v1/testimonials', body: { ...testimonial, patronId } }).then(201);
  await app.when({ url: '/v1/testimonials', body: { ...testimonial, id: 't2' } }).then(201);
  await app.settled();
  await app.when({ url: '/v1/testimonials/t1' }).then(200);
  await app.when({ url: '/v1/testimonials/t2' }).then(200);
  await app.when({ url: '/v1/testimonials' }).then(200);
  await app.when({ method: 'POST', url: '/v1/testimonials/t1/approve' }).then(200);
  await app.settled();
  const seen = async (context: string) =>
    (await accesses(patronId, context)).map(({ how, purpose }) => `${how} ${purpose}`).sort();
  expect(await seen('interaction-log')).toEqual(['interaction correction', 'interaction service']);
  expect(await seen('feedback')).toEqual([
    'testimonial feedback',
    'testimonial feedback',
    'testimonials feedback',
  ]);
  expect(await seen('analytics')).toEqual([]);
});

it('an actor, a kind, a time or a cursor that cannot be is refused', async () => {
  const url = '/v1/audit/acts?context=patron-profile';
  await app.when({ url: `${url}&kind=PatronRegistered` }).thenRefused(422, 'UNKNOWN_KIND');
  await app.when({ url: `${url}&kind=toString` }).thenRefused(422, 'UNKNOWN_KIND');
  await app.when({ url: `${url}&from=2024-08-01` }).thenRefused(422, 'BAD_PERIOD');
  const { body } = await app.when({ url: `${url}&limit=1` }).then(200);
  await app
    .when({ url: `${url}&limit=1&kind=BranchAdded&cursor=${body.nextCursor}` })
    .thenRefused(422, 'BAD_CURSOR');
  await app.when({ url: '/v1/audit/acts' }).thenRefused(422, 'CONTEXT_REQUIRED');
});

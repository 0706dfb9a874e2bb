import { memoryAdapters } from '@readership/embedded';
import { eventually, routesOf } from '@readership/host';
import { startApp, type TestApp, type TestRequest } from '@readership/host/testing';
import { IngestController } from '@readership/interaction-log';
import type { Adapters } from '@readership/kernel';
import {
  answersSeenElsewhere,
  DescribedAnswers,
  type Document,
  type Operation,
} from './described-answers.fixture.js';
import { limiterThat, type LimiterState } from './limiter.fixture.js';
import { idOf, lines, tagOf, tokenOf, typed } from './messages.fixture.js';
import { modulesOn } from './modules.js';
import { ada, analystKey, answeredElsewhere, bodies, cost, event } from './requests.fixture.js';
import { north, survey, testimonial } from './requests.fixture.js';

let now = new Date('2024-07-15T12:00:00.000Z');
let adapters: Adapters;
let app: TestApp;
let described: DescribedAnswers;
let requests: LimiterState = 'pass';
const limiter = limiterThat(() => requests);

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now: () => now, limiter });
  described = new DescribedAnswers((await app.http({ url: '/openapi.json', key: null })).body as Document);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** Sends a request whose answer must have this status, and must be as it is described. */
async function ask(status: number, method: string, url: string, rest: Omit<TestRequest, 'url'> = {}) {
  const answer = await app.http({ method, url, ...rest });
  const faults = described.faults(method, url, answer);
  if (answer.status !== status || faults.length > 0) {
    throw new Error([`${method} ${url}: ${answer.status}`, answer.text.slice(0, 500), ...faults].join('\n'));
  }
  return answer;
}
const get = (url: string, status = 200) => ask(status, 'GET', url);
const post = (status: number, url: string, body?: unknown, headers?: Record<string, string>) =>
  ask(status, 'POST', url, { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) });

describe('the document', () => {
  it('has every route, and nothing else', () => {
    const routes = routesOf(app.app).map(
      ({ method, path, needs }) =>
        `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}${needs === 'nothing' ? ' without a key' : ''}`,
    );
    const operations = described.operations.map(
      ({ method, path, operation }) =>
        `${method} ${path}${operation.security?.length === 0 ? ' without a key' : ''}`,
    );
    expect(operations.sort()).toEqual(routes.sort());
  });

  it('gives each operation an id of its own, a tag and a summary, and each parameter a schema', () => {
    expect(described.document.openapi).toBe('3.1.0');
    const operations = described.operations.map(({ operation }) => operation);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { operationId, summary = '', tags = [], parameters } of operations) {
      expect([operationId, summary.length > 5, tags.length]).toEqual([operationId, true, 1]);
      for (const { schema = {} } of parameters) expect(Object.keys(schema)).not.toEqual([]);
    }
  });
});

describe('an answer is as it is described', () => {
  it('about the pages and the process', async () => {
    for (const { method, path, operation } of described.operations) {
      if (!operation.tags?.includes('pages') && path !== '/r/style.css') continue;
      const { headers } = await ask(200, method, path, { key: null });
      await ask(304, method, path, { key: null, headers: { 'if-none-match': headers.get('etag')! } });
    }
    for (const url of ['/healthz', '/readyz', '/metrics']) await get(url);
  });

  it('about the directory', async () => {
    await get('/v1/consortium', 404);
    await ask(200, 'PUT', '/v1/consortium', { body: { name: 'Lakes' } });
    await ask(200, 'PUT', '/v1/consortium', { body: { name: 'Lakes and Hills' } });
    await get('/v1/consortium');
    const library = { id: 'CITY', name: 'City' };
    for (const status of [201, 200]) await post(status, '/v1/libraries', library);
    await post(409, '/v1/libraries', { ...library, name: 'Other' });
    const found = await get('/v1/libraries/CITY');
    await ask(200, 'PATCH', '/v1/libraries/CITY', { body: { name: 'Town' }, headers: tagOf(found) });
    for (const status of [201, 200]) await post(status, '/v1/branches', north);
    await post(409, '/v1/branches', { ...north, name: 'Other' });
    const branch = await get('/v1/branches/NORTH');
    await ask(200, 'PATCH', '/v1/branches/NORTH', { body: { population: 9 }, headers: tagOf(branch) });
    await app.settled();
    for (const url of ['/v1/libraries?limit=1', '/v1/branches?library=CITY']) {
      expect((await get(url)).body).toMatchObject({ items: [{}] });
    }
    await get('/v1/branches?limit=0', 422);
    await get('/v1/libraries?cursor=x', 422);
  });

  it('about API keys, and who one is', async () => {
    const made = await post(201, '/v1/api-keys', { name: 'Desk', role: 'analyst', scopes: ['consortium'] });
    const url = `/v1/api-keys/${idOf(made)}`;
    for (const status of [201, 200])
      await post(status, '/v1/api-keys', analystKey, { 'idempotency-key': 'one' });
    await get(url);
    expect((await get('/v1/api-keys?limit=1')).body).toMatchObject({ items: [{}] });
    await get('/v1/api-keys?cursor=x', 422);
    await post(200, `${url}/rotate`, { overlapHours: 1 });
    await ask(200, 'DELETE', url);
    await post(409, `${url}/rotate`, { overlapHours: 1 });
    await post(404, '/v1/api-keys/nobody00/rotate', {});
    await ask(404, 'DELETE', '/v1/api-keys/nobody00');
    await get('/v1/me');
    await ask(200, 'GET', '/v1/sign-in', { key: null });
  });

  it('about patrons', async () => {
    const made = await post(201, '/v1/patrons', ada);
    await post(200, '/v1/patrons', ada);
    await post(409, '/v1/patrons', { ...ada, familyName: 'M' });
    const url = `/v1/patrons/${idOf(made)}`;
    await get(url);
    await post(200, `${url}/move`, { homeBranch: 'NORTH', since: '2024-02-01' });
    await post(200, `${url}/contact`, { phone: null, email: 'b@example.org' });
    await post(200, `${url}/cards`, { add: ['1002'] });
    await post(409, `${url}/cards`, { remove: ['9999'] });
    await post(200, `${url}/close`, { reason: 'moved', on: '2024-05-01' });
    await post(409, `${url}/move`, { homeBranch: 'NORTH', since: '2024-06-01' });
    await post(409, `${url}/cards`, { add: ['1003'] });
    expect((await get('/v1/patrons?card=1002')).body).toMatchObject({ items: [{ closure: {} }] });
    await post(200, `${url}/reopen`, { on: '2024-06-01' });
    await post(409, `${url}/reopen`, { on: '2024-06-02' });
    await get('/v1/patrons', 422);
    const batch = lines({ ...ada, cards: ['2001'] }, { ...ada, cards: ['2001'], familyName: 'M' }, {});
    const { body } = await post(200, '/v1/patrons/batch', batch, typed('application/x-ndjson'));
    expect(body).toMatchObject([{ outcome: 'recorded' }, { outcome: 'refused' }, { outcome: 'refused' }]);
  });

  it('about interactions, their sources, and records that were refused', async () => {
    const sent = event({ card: '1001', details: 'a book', channel: 'desk', readScale: 2 });
    const made = await post(201, '/v1/interactions', sent);
    await post(200, '/v1/interactions', sent);
    await post(409, '/v1/interactions', { ...sent, time: '2024-01-01T00:00:00Z' });
    const { data, ...attributes } = event();
    const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
    await post(201, '/v1/interactions', data, Object.fromEntries(headers));
    await post(201, '/v1/interactions', JSON.stringify(event()), typed('application/cloudevents+json'));
    await app.settled();
    const url = `/v1/interactions/${idOf(made)}`;
    expect((await get(url)).body).toHaveProperty('patronId');
    await post(200, `${url}/correct`, { kind: 'visit', reason: 'a slip' });
    for (const on of ['withdraw', 'restore', 'withdraw']) await post(200, `${url}/${on}`, { reason: on });
    await post(409, `${url}/correct`, { kind: 'loan', reason: 'too late' });
    await post(200, '/v1/interactions/batch', lines(event(), {}), typed('application/x-ndjson'));
    const array = typed('application/cloudevents-batch+json');
    await post(200, '/v1/interactions/batch', JSON.stringify([event()]), array);
    await post(400, '/v1/interactions/batch', '[', array);
    await post(422, '/v1/interactions/batch?dryRun=perhaps', '[]', array);

    const source = { source: 'urn:ils:north', branches: ['NORTH'] };
    await ask(200, 'PUT', '/v1/sources', { body: source });
    const value = (one: unknown) => Buffer.from(JSON.stringify(one));
    const record = (one: unknown, offset: number) => ({
      ...{ offset, timestamp: now.getTime(), key: null, value: value(one) },
      headers: typed('application/cloudevents+json'),
    });
    const records = [event({ branch: 'GONE' }), event({ branch: 'EAST' })].map(record);
    await app.app
      .get(IngestController, { strict: false })
      .take({ topic: 'readership.ingest', partition: 0, records });
    await app.settled();
    await get('/v1/sources');
    const { items } = (await get('/v1/dead-letters')).body as { items: { id: string }[] };
    const [gone, east] = items.map(({ id }) => `/v1/dead-letters/${id}`) as [string, string];
    await get(gone);
    await post(409, `${gone}/replay`);
    await post(200, `${gone}/discard`);
    await post(201, '/v1/branches', { ...north, id: 'EAST', name: 'East' });
    await app.settled();
    await ask(200, 'PUT', '/v1/sources', { body: { ...source, branches: ['NORTH', 'EAST'] } });
    await post(200, `${east}/replay`);
    await post(409, `${east}/discard`);
    await post(200, '/v1/sources/revoke', { source: source.source });
    await post(404, '/v1/sources/revoke', { source: 'urn:nobody' });
  });

  it('about surveys, and for whom they ask', async () => {
    for (const status of [201, 200]) await post(status, '/v1/surveys', survey);
    await post(409, '/v1/surveys', { ...survey, title: 'Other' });
    await app.settled();
    for (const url of ['/v1/surveys', '/v1/surveys/spring']) await get(url);
    const invite = (expiresOn: string) =>
      post(201, '/v1/surveys/spring/invitations', { branch: 'NORTH', expiresOn }).then(tokenOf);
    const asJson = { key: null, headers: { accept: 'application/json' } };
    const first = await invite('2024-12-31');
    await ask(200, 'GET', first, asJson);
    await ask(200, 'GET', first, { key: null });
    const form = { key: null, headers: typed('application/x-www-form-urlencoded') };
    await ask(422, 'POST', first, { ...form, body: 'q-q1=99' });
    await ask(422, 'POST', first, { key: null, body: { answers: { q1: 99 } } });
    await ask(201, 'POST', first, { key: null, body: { answers: { q1: 9, q2: 'Nice.' } } });
    for (const rest of [asJson, { key: null }]) await ask(409, 'GET', first, rest);
    await ask(409, 'POST', first, { key: null, body: { answers: { q1: 8 } } });
    await ask(409, 'POST', first, { ...form, body: 'q-q1=8' });
    const second = await invite('2024-12-31');
    await ask(201, 'POST', second, { ...form, body: 'q-q1=8' });

    const late = await invite('2024-07-31');
    const today = now;
    now = new Date('2024-08-02T12:00:00.000Z');
    for (const rest of [asJson, { key: null }]) await ask(410, 'GET', late, rest);
    await ask(410, 'POST', late, { ...form, body: 'q-q1=8' });
    await ask(410, 'POST', late, { key: null, body: { answers: { q1: 8 } } });
    now = today;

    const response = { id: 'r1', answeredAt: '2024-03-01T10:00:00Z', branch: 'NORTH', answers: { q1: 7 } };
    for (const status of [201, 200]) await post(status, '/v1/surveys/spring/responses', response);
    await post(409, '/v1/surveys/spring/responses', { ...response, answers: { q1: 1 } });
    const batch = lines(response, { ...response, id: 'r2' }, {});
    await post(200, '/v1/surveys/spring/responses', batch, typed('application/x-ndjson'));
  });

  it('about testimonials', async () => {
    for (const status of [201, 200]) await post(status, '/v1/testimonials', testimonial);
    await post(409, '/v1/testimonials', { ...testimonial, text: 'Other.' });
    const consent = { consent: { givenOn: '2024-03-02', statement: 'Yes.' } };
    await post(409, '/v1/testimonials/t1/publish', consent);
    await post(200, '/v1/testimonials/t1/approve');
    await post(200, '/v1/testimonials/t1/publish', consent);
    await app.settled();
    await get('/v1/testimonials/t1');
    await get('/v1/testimonials?branch=NORTH&status=published');
    await get('/v1/testimonials?status=lost', 422);
    await post(200, '/v1/testimonials/t1/withdraw');
    await post(409, '/v1/testimonials/t1/approve');
  });

  it('about figures and costs', async () => {
    for (const status of [201, 200]) await post(status, '/v1/costs', cost);
    await post(200, '/v1/costs', lines(cost, {}), typed('application/x-ndjson'));
    await app.settled();
    expect((await get('/v1/costs?branch=NORTH')).body).toMatchObject({ items: [{}] });
    await get('/v1/metrics');
    const { parameters } = described.document.paths['/v1/metrics/{name}']!['get']!;
    const { enum: names } = parameters.find(({ name }) => name === 'name')!.schema as { enum: string[] };
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) await get(`/v1/metrics/${name}?from=2024-01&grain=quarter&compare=previous`);
    await get('/v1/metrics?scope=branch:GONE', 404);
    await get('/v1/metrics/nps?grain=day', 422);
    await get('/v1/metrics/nps?from=1900-01', 400);
    const query = (status: number, request: object) =>
      post(status, '/v1/metrics/query', { requests: [{ metric: 'nps', ...request }] });
    await Promise.all([query(200, { compare: 'year' }), query(404, { scope: 'branch:GONE' })]);
  });

  it('about what operators do', async () => {
    const context = '?context=analytics';
    for (const resource of ['audit/log', 'parked', 'republish', 'rebuilds']) {
      await get(`/v1/${resource}${context}`);
      await get(`/v1/${resource}?context=nowhere`, 404);
      await get(`/v1/${resource}`, 422);
    }
    const key = { model: 'reader-activity.v1', partition: 0, key: 'x' };
    await post(404, `/v1/parked/replay${context}`, key);
    const { body } = await get(`/v1/audit/log${context}`);
    const [{ name: model }] = (body as { projections: [{ name: string }] }).projections;
    await post(200, `/v1/parked/replay${context}`, { ...key, model });
    await post(200, `/v1/parked/discard${context}`, { ...key, model, offset: 1 });
    await post(200, `/v1/republish${context}`, { partition: 0 });
    await post(404, `/v1/republish${context}`, { partition: 900 });
    const begin = () => post(201, `/v1/rebuilds${context}`, { model: 'volumes' });
    const first = await begin();
    await post(409, `/v1/rebuilds${context}`, { model: 'testimonials' });
    const url = `/v1/rebuilds/${idOf(first)}`;
    await get(url + context);
    await post(200, `${url}/abandon${context}`);
    const second = `/v1/rebuilds/${idOf(await begin())}`;
    const isCompared = async () => (await get(second + context)).body.state === 'compared' || null;
    expect(await eventually(isCompared, 20_000)).toBe(true);
    await get(`/v1/rebuilds${context}`);
    await post(200, `${second}/switch${context}`);
  });
});

describe('a refusal is as it is described', () => {
  const anyVersion = { 'if-match': '*' };
  const has = ({ parameters }: Operation, parameter: string) =>
    parameters.some(({ name }) => name === parameter);
  const context = (operation: Operation) => (has(operation, 'context') ? 'context=analytics' : '');

  /** Sends to every operation that describes this status a request that gives it. */
  async function each(
    status: number,
    requestOf: (operation: Operation) => Omit<TestRequest, 'url'> & { readonly query?: string },
    only: (method: string, operation: Operation) => boolean = () => true,
  ): Promise<void> {
    for (const { method, path, operation } of described.operations) {
      if (operation.responses[status] === undefined || !only(method, operation)) continue;
      const { query = '', ...rest } = requestOf(operation);
      const url = path
        .replace('{name}', 'nps')
        .replace('{survey}', status === 404 ? 'gone' : survey.id)
        .replace(/\{\w+\}/, 'A'.repeat(43));
      await ask(status, method, `${url}?${query}`, rest);
    }
  }
  const bodyOf = ({ operationId }: Operation) => (operationId in bodies ? { body: bodies[operationId] } : {});
  afterEach(() => (requests = 'pass'));

  it('without a key', () => each(401, () => ({ key: null })));
  it('with a credential that lacks the permission', async () => {
    // No route needs this permission yet.
    const grants = [{ role: 'front-desk', scopes: ['consortium'], only: ['views'] }];
    const { body } = await post(201, '/v1/api-keys', { name: 'Nobody', grants });
    await each(
      403,
      () => ({ key: (body as { key: string }).key }),
      (_method, { operationId }) => !answeredElsewhere.includes(`${operationId} 403`),
    );
  });
  it('with an address that cannot be read', () => each(400, () => ({ query: 'x=%FF' })));
  it('under a method that its path does not have, with those that it has', async () => {
    const paths = Object.entries(described.document.paths);
    for (const [path, item] of paths) {
      const has = Object.keys(item).map((method) => method.toUpperCase());
      const allowed = [...has, ...(has.includes('GET') ? ['HEAD'] : [])].sort();
      for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (allowed.includes(method)) continue;
        const { status, headers } = await app.http({ method, url: path.replaceAll(/[{}]/g, '') });
        expect([method, path, status, headers.get('allow')]).toEqual([method, path, 405, allowed.join(', ')]);
      }
    }
  });
  it('of what is not there', async () => {
    await each(
      404,
      (operation) => ({ ...bodyOf(operation), headers: anyVersion, query: context(operation) }),
      (_method, { operationId }) => operationId in bodies || operationId.endsWith('One'),
    );
    for (const url of ['interactions/0', 'metrics/0']) await get(`/v1/${url}`, 404);
    await ask(404, 'GET', '/r/0', { key: null });
    for (const command of ['switch', 'abandon']) {
      await post(404, `/v1/rebuilds/0/${command}?context=analytics`);
    }
    for (const command of ['approve', 'withdraw']) await post(404, `/v1/testimonials/0/${command}`);
    for (const command of ['replay', 'discard']) await post(404, `/v1/dead-letters/0/${command}`);
    await post(404, '/v1/rebuilds?context=feedback', { model: 'volumes' });
  });
  it('of another version', () =>
    each(412, (operation) => ({ ...bodyOf(operation), headers: { 'if-match': '"other"' } })));
  it('without the version that it needs', () => each(428, bodyOf));
  it('with a body that is too large', () =>
    each(413, ({ requestBody }) => {
      const isBatch = requestBody !== undefined && !('application/json' in requestBody.content);
      const [type, mebibytes] = isBatch ? ['application/x-ndjson', 10] : ['application/json', 1];
      return { body: Buffer.alloc(mebibytes * 1_100_000, ' '), headers: typed(type) };
    }));
  it('with a body of another kind', () => each(415, () => ({ body: 'x', headers: typed('text/plain') })));
  it('with a body that says nothing valid', () =>
    each(
      422,
      (operation) => ({
        body: '5',
        headers: { ...typed('application/json'), ...anyVersion },
        query: context(operation),
      }),
      (_method, { requestBody, operationId }) =>
        'application/json' in (requestBody?.content ?? {}) && operationId !== 'responsePageAnswer',
    ));
  it('with a parameter that is not valid', () =>
    each(
      422,
      (operation) => {
        if (has(operation, 'limit')) return { query: `limit=0&${context(operation)}` };
        return { query: has(operation, 'to') ? 'to=x' : '' };
      },
      (_method, { requestBody, parameters }) =>
        requestBody === undefined && parameters.some((parameter) => parameter.in === 'query'),
    ));
  it('when there are too many requests', async () => {
    requests = 'too many';
    await each(429, () => ({}));
  });
  it('when a server is away', async () => {
    requests = 'server away';
    await each(503, () => ({}));
  });
});

it('nothing is described that was not answered here, but what damage, parked records or people without a role lead to', () => {
  const seenElsewhere = answersSeenElsewhere(described.operations.map(({ operation }) => operation));
  const unseen = described.all.filter((answer) => !described.seen.has(answer));
  expect(unseen.filter((answer) => !seenElsewhere.includes(answer)).sort()).toEqual(
    [...answeredElsewhere].sort(),
  );
});

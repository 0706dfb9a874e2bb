import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp, type TestRequest } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { DescribedAnswers, recordsOfAccess, type Document } from './described-answers.fixture.js';
import { limiterThat, type LimiterState } from './limiter.fixture.js';
import { modulesOn } from './modules.js';
import { ada, north } from './requests.fixture.js';

let adapters: Adapters;
let app: TestApp;
let described: DescribedAnswers;
let requests: LimiterState = 'pass';
beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  const now = () => new Date('2024-07-15T12:00:00.000Z');
  app = await startApp(modulesOn, adapters, { now, limiter: limiterThat(() => requests) });
  described = new DescribedAnswers((await app.http({ url: '/openapi.json', key: null })).body as Document);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

async function get(status: number, url: string, rest: Omit<TestRequest, 'url'> = {}) {
  const answer = await app.http({ url, ...rest });
  const faults = described.faults('GET', url, answer);
  if (answer.status !== status || faults.length > 0)
    throw new Error([`${url}: ${answer.status}`, answer.text.slice(0, 500), ...faults].join('\n'));
  return answer;
}

it('the records of access and of acts are as they are described', async () => {
  await app.when({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } }).then(201);
  await app.when({ url: '/v1/branches', body: north }).then(201);
  const { body } = await app.when({ url: '/v1/patrons', body: ada }).then(201);
  const accesses = `/v1/patrons/${(body as { id: string }).id}/accesses`;
  await get(200, `/v1/patrons/${(body as { id: string }).id}`, {
    headers: { 'readership-purpose': 'complaint' },
  });
  await app.settled();
  const grants = [{ role: 'front-desk', scopes: ['consortium'] }] as const;
  const desk = await issuedKey(app, adapters, grants);
  const acts = '/v1/audit/acts';
  const context = '?context=patron-profile';
  for (const url of [accesses, acts]) {
    const { items } = (await get(200, `${url}${context}&limit=1`)).body as { items: object[] };
    expect(items).toHaveLength(1);
    await get(400, `${url}${context}&x=%FF`);
    await get(401, url + context, { key: null });
    await get(403, url + context, { key: desk });
    await get(404, `${url}?context=nowhere`);
    await get(422, `${url}${context}&limit=0`);
    for (const [state, status] of [
      ['too many', 429],
      ['server away', 503],
    ] as const) {
      requests = state;
      await get(status, url + context);
      requests = 'pass';
    }
  }
  const { items } = (await get(200, `${acts}${context}&actor=admin`)).body as { items: object[] };
  expect(items.length).toBeGreaterThan(3);
  await get(422, `${acts}${context}&from=yesterday`);
  await get(422, `${acts}${context}&kind=Anything`);
});

it('nothing is described of them that was not answered here', () => {
  const own = described.operations.filter(({ operation }) => recordsOfAccess.includes(operation.operationId));
  expect(own).toHaveLength(recordsOfAccess.length);
  const all = own.flatMap(({ operation }) =>
    Object.keys(operation.responses).map((status) => `${operation.operationId} ${status}`),
  );
  expect(all.filter((answer) => !described.seen.has(answer))).toEqual([]);
});

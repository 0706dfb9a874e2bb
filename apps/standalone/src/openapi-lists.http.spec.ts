import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { DescribedAnswers, type Document } from './described-answers.fixture.js';
import { tokenOf } from './messages.fixture.js';
import { modulesOn } from './modules.js';
import { analystKey, cost, north, survey, testimonial } from './requests.fixture.js';

let adapters: Adapters;
let app: TestApp;
let described: DescribedAnswers;

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  const now = () => new Date('2024-07-15T12:00:00.000Z');
  app = await startApp(modulesOn, adapters, { now });
  described = new DescribedAnswers((await app.http({ url: '/openapi.json', key: null })).body as Document);
  const invitation = { branch: 'NORTH', expiresOn: '2024-12-31' };
  const answers = { q1: 7, q2: 'Nice.' };
  const response = { id: 'r1', answeredAt: '2024-03-01T10:00:00Z', branch: 'NORTH', answers };
  for (const [url, body] of [
    ['/v1/libraries', { id: 'CITY', name: 'City' }],
    ['/v1/branches', north],
    ['/v1/api-keys', analystKey],
    ['/v1/surveys', survey],
    ['/v1/surveys/spring/responses', response],
    ['/v1/surveys/spring/invitations', invitation],
    ['/v1/testimonials', testimonial],
    ['/v1/costs', cost],
  ] as const) {
    await app.when({ url, body }).then(201);
  }
  const issued = await app.when({ url: '/v1/surveys/spring/invitations', body: invitation }).then(201);
  await app.when({ url: tokenOf(issued), key: null, body: { answers } }).then(201);
  const source = { source: 'urn:ils:north', branches: ['NORTH'] };
  await app.when({ method: 'PUT', url: '/v1/sources', body: source }).then(200);
  await app.settled();
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** Sends a request whose answer must have this status, and must be as it is described. */
async function get(url: string, status = 200): Promise<{ readonly items: readonly object[] }> {
  const answer = await app.http({ url });
  const faults = described.faults('GET', url, answer);
  expect([answer.status, ...faults]).toEqual([status]);
  return answer.body as { items: object[] };
}

it.each([
  '/v1/libraries?q=city',
  '/v1/branches?q=nor&library=CITY',
  '/v1/api-keys?q=figures',
  '/v1/sources?q=ils',
  '/v1/surveys?q=spring',
  '/v1/surveys/spring/responses?branch=NORTH&from=2024-03&to=2024-03-31&comments=true',
  '/v1/surveys/spring/responses?comments=false&limit=1',
  '/v1/surveys/spring/invitations?branch=NORTH&state=open',
  '/v1/surveys/spring/invitations?state=answered',
  '/v1/testimonials?from=2024-03&to=2024-03&status=received',
  '/v1/costs?branch=NORTH&from=2024-03&to=2024-03&category=Staff',
])('the list of %s is as it is described', async (url) => {
  const { items } = await get(url);
  expect(items).toHaveLength(1);
});

it.each(['responses', 'invitations'])('of the %s of a survey that is not there, too', (what) =>
  get(`/v1/surveys/gone/${what}`, 404),
);

it.each([
  '/v1/branches?q=-',
  '/v1/surveys/spring/responses?comments=perhaps',
  '/v1/surveys/spring/responses?from=2024-13',
  '/v1/surveys/spring/invitations?state=lost',
  '/v1/surveys/spring/invitations?cursor=x',
  '/v1/testimonials?to=2024-3',
  '/v1/costs?from=2024-04&to=2024-03',
])('the refusal of %s, too', (url) => get(url, 422));

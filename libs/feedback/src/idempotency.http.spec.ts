import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { keepsIdempotencyKeys } from '@readership/host/testing/idempotency';
import type { Adapters } from '@readership/kernel';
import { FeedbackModule } from './feedback.module.js';
import { tellAs } from './neighbours.fixture.js';

const start = new Date('2024-04-10T12:00:00Z').getTime();
let at: number;
let adapters: Adapters;
let app: TestApp;
const pass = (hours: number): void => void (at += hours * 3_600_000);

beforeEach(async () => {
  at = start;
  adapters = memoryAdapters({ partitions: 3 });
  const branch = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' };
  await tellAs(adapters, 'patron-profile', 'branch-NORTH', fact('BranchAdded', branch));
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now: () => new Date(at) });
  await app.when({ url: '/v1/surveys', body: survey('SPRING') }).then(201);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const survey = (id: string) => ({
  ...{ id, title: 'Spring survey', language: 'en' },
  questions: [{ id: 'satisfied', type: 'csat', text: 'Are you satisfied?' }],
});
const response = (id: string) => ({ id, answeredAt: '2024-04-09T10:00:00Z', answers: { satisfied: 4 } });
const testimonial = (n: number) => ({ id: `T${n}`, receivedOn: '2024-04-09', text: `The ${n}th visit.` });
const told = async (n: number, ...steps: readonly string[]): Promise<string> => {
  const url = '/v1/testimonials';
  await app.when({ url, body: testimonial(n) }).then(201);
  for (const step of steps) await app.when({ url: `${url}/T${n}/${step}`, body: {} }).then(200);
  return `${url}/T${n}`;
};
const invitations = '/v1/surveys/SPRING/invitations';
const responses = '/v1/surveys/SPRING/responses';

keepsIdempotencyKeys(() => ({ app, adapters, pass }), {
  'a survey': (n) => ({ url: '/v1/surveys', body: survey(`S${n}`) }),
  'an invitation': (n) => ({ url: invitations, body: { branch: 'NORTH', expiresOn: `2024-05-0${n}` } }),
  'a response': (n) => ({ url: responses, body: response(`R${n}`) }),
  'a batch of responses': (n) => ({
    url: responses,
    body: [1, 2, 1].map((line) => JSON.stringify(response(`R${n}-${line}`))).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  }),
  'a testimonial': (n) => ({ url: '/v1/testimonials', body: testimonial(n) }),
  'an approval': async (n) => ({ url: `${await told(n)}/approve`, body: {} }),
  'a publication': async (n) => ({
    url: `${await told(n, 'approve')}/publish`,
    body: { consent: { givenOn: '2024-04-09', statement: `Yes, ${n}.` } },
  }),
  'a withdrawal': async (n) => ({ url: `${await told(n)}/withdraw`, body: {} }),
});

describe('an invitation that is asked for again', () => {
  const asked = (key: string, expiresOn: string) => ({
    url: invitations,
    body: { expiresOn },
    headers: { 'idempotency-key': key },
  });

  it('is the same also when its last day is over', async () => {
    const { body } = await app.when(asked('one', '2024-04-10')).then(201);
    pass(13);
    await app.when(asked('one', '2024-04-10')).then(201, body as object);
    await app.when(asked('two', '2024-04-10')).thenRefused(422, 'DATE_IN_PAST');
  });

  it('is another one after 24 hours, and without a key', async () => {
    const link = async (headers: object): Promise<string> => {
      const { body } = await app.when({ ...asked('', '2024-05-01'), headers: { ...headers } }).then(201);
      return (body as { link: string }).link;
    };
    const links = [await link({ 'idempotency-key': 'one' }), await link({}), await link({})];
    pass(24);
    links.push(await link({ 'idempotency-key': 'one' }));
    expect(new Set(links).size).toBe(4);
  });
});

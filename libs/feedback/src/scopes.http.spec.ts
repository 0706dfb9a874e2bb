import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { BranchLibraries, type Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { FeedbackModule } from './feedback.module.js';
import { tellAs } from './neighbours.fixture.js';

const branches = { NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' };
let adapters: Adapters;
let app: TestApp;

beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  const now = () => new Date('2024-04-10T12:00:00Z');
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now });
  for (const [id, library] of Object.entries(branches)) {
    const added = fact('BranchAdded', { id, name: id, library, timeZone: 'UTC' });
    await tellAs(adapters, 'patron-profile', `branch-${id}`, added);
  }
  await app.when({ url: '/v1/surveys', body: survey }).then(201);
  await app.settled();
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const keyOf = (role: Grant['role'], ...scopes: string[]) => issuedKey(app, adapters, [{ role, scopes }]);

/** The library of a branch becomes another one. */
async function transfer(id: string, library: string): Promise<void> {
  await tellAs(adapters, 'patron-profile', `branch-${id}`, fact('BranchTransferred', { id, library }));
  await app.settled();
}

/** Sends a request that must be refused as out of scope, with these scopes in its words, and must change nothing. */
async function refusedBeyond(
  words: string,
  key: string,
  request: { url: string; body?: unknown; method?: string },
): Promise<void> {
  const before = await app.recordedSoFar();
  const { body } = await app.when({ ...request, key }).thenRefused(403, 'OUT_OF_SCOPE');
  expect(body.detail).toContain(`in ${words} only`);
  expect(await app.recordedSoFar()).toBe(before);
}

const survey = {
  id: 'spring',
  title: 'Spring survey',
  language: 'en',
  questions: [{ id: 'recommend', type: 'nps', text: 'Would you recommend us?' }],
};
const at = (branch: string | null) => (branch === null ? {} : { branch });
const responseOf = (id: string, branch: string | null) => ({
  ...{ id, answeredAt: '2024-04-02T12:00:00Z', answers: { recommend: 9 } },
  ...at(branch),
});
const response = (id: string, branch: string | null) => ({
  url: '/v1/surveys/spring/responses',
  body: responseOf(id, branch),
});
const letter = (id: string, branch: string | null) => ({
  url: '/v1/testimonials',
  body: { id, receivedOn: '2024-04-02', text: 'Thank you.', ...at(branch) },
});
const invitation = (branch: string | null) => ({
  url: '/v1/surveys/spring/invitations',
  body: { expiresOn: '2024-04-30', ...at(branch) },
});

describe.each([
  ['a response', 'front-desk', response],
  ['a testimonial', 'integrator', letter],
  ['an invitation', 'branch-manager', (_id: string, branch: string | null) => invitation(branch)],
] as const)('%s', (_what, role, of) => {
  it('is taken at the branches of the credential', async () => {
    const key = await keyOf(role, 'branch:NORTH');
    await app.when({ ...of('a', 'NORTH'), key }).then(201);
    await refusedBeyond('branch:NORTH', key, of('b', 'SOUTH'));
    await refusedBeyond('branch:NORTH', key, of('b', null));
    await app.when({ ...of('b', 'NOWHERE'), key }).thenRefused(422, 'UNKNOWN_BRANCH');
  });

  it('is taken at the branches that are of a library now', async () => {
    const key = await keyOf(role, 'library:CITY');
    await app.when({ ...of('a', 'SOUTH'), key }).then(201);
    await refusedBeyond('library:CITY', key, of('b', 'EAST'));
    await transfer('EAST', 'CITY');
    await app.when({ ...of('b', 'EAST'), key }).then(201);
    await transfer('SOUTH', 'TOWN');
    await refusedBeyond('library:CITY', key, of('c', 'SOUTH'));
  });

  it('is taken everywhere, and of no branch, from whoever reaches the consortium', async () => {
    const key = await keyOf(role, 'branch:NORTH', 'consortium');
    await app.when({ ...of('a', 'EAST'), key }).then(201);
    await app.when({ ...of('b', null), key }).then(201);
  });
});

describe('a batch of responses', () => {
  const batch = (...lines: object[]) => ({
    url: '/v1/surveys/spring/responses',
    body: lines.map((line) => JSON.stringify(line)).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  });

  it('is taken line by line, and nothing is recorded of a line out of scope', async () => {
    const key = await keyOf('front-desk', 'library:CITY', 'branch:EAST');
    await transfer('SOUTH', 'TOWN');
    const before = await app.recordedSoFar();
    const { body } = await app
      .when({
        ...batch(
          responseOf('a', 'NORTH'),
          responseOf('b', 'SOUTH'),
          responseOf('c', null),
          responseOf('d', 'NOWHERE'),
          responseOf('e', 'EAST'),
          { ...responseOf('f', 'SOUTH'), answers: {} },
        ),
        key,
      })
      .then(200);
    expect(body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 2, outcome: 'refused', id: 'b', code: 'OUT_OF_SCOPE' },
      { line: 3, outcome: 'refused', id: 'c', code: 'OUT_OF_SCOPE' },
      { line: 4, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
      { line: 5, outcome: 'recorded' },
      { line: 6, outcome: 'refused', code: 'NO_ANSWER' },
    ]);
    expect(await app.recordedSoFar()).toBe(before + 2);
  });

  it('of many chunks looks up the library of each branch once', async () => {
    const key = await keyOf('front-desk', 'library:CITY');
    const directory = app.app.get(BranchLibraries, { strict: false });
    const asked: string[] = [];
    const librariesOf = directory.librariesOf.bind(directory);
    directory.librariesOf = (ids) => {
      const all = [...ids];
      asked.push(...all);
      return librariesOf(all);
    };
    const lines = Array.from({ length: 1_200 }, (_, n) => responseOf(`n${n}`, n % 2 ? 'NORTH' : 'EAST'));
    const { body } = await app.when({ ...batch(...lines), key }).then(200);
    const outcomes = body.map(({ outcome }: { outcome: string }) => outcome);
    expect(outcomes).toEqual(lines.map(({ branch }) => (branch === 'NORTH' ? 'recorded' : 'refused')));
    expect(asked.sort()).toEqual(['EAST', 'NORTH']);
  });
});

it('a testimonial that is sent again tells whoever may not read it nothing of what has become of it', async () => {
  const letter = {
    url: '/v1/testimonials',
    body: { id: 'mine', receivedOn: '2024-04-02', text: 'Thanks.', branch: 'NORTH' },
  };
  await app.when(letter).then(201);
  await app.when({ url: '/v1/testimonials/mine/approve', body: {} }).then(200);
  const consent = { givenOn: '2024-04-02', statement: 'I, Ada, agree.' };
  await app.when({ url: '/v1/testimonials/mine/publish', body: { consent } }).then(200);
  const key = await issuedKey(app, adapters, [{ role: 'front-desk', scopes: ['branch:NORTH'] }]);
  const { text } = await app.when({ ...letter, key }).then(200, { status: 'received', text: 'Thanks.' });
  expect(text).not.toContain('Ada');
  await app.when(letter).then(200, { status: 'published', consent });
});

describe('testimonials', () => {
  const consent = { givenOn: '2024-04-03', statement: 'I agree.' };
  const acts = (id: string) => [
    { url: `/v1/testimonials/${id}/approve`, body: {} },
    { url: `/v1/testimonials/${id}/publish`, body: { consent } },
    { url: `/v1/testimonials/${id}/withdraw`, body: {} },
  ];

  beforeEach(async () => {
    for (const branch of ['NORTH', 'SOUTH', 'EAST']) {
      await app.when(letter(`of-${branch}`, branch)).then(201);
    }
    await app.when(letter('of-all', null)).then(201);
    await app.settled();
  });

  it('are read and managed within the scopes of the credential', async () => {
    const key = await keyOf('branch-manager', 'branch:NORTH');
    for (const act of acts('of-NORTH')) await app.when({ ...act, key }).then(200);
    await app.when({ url: '/v1/testimonials/of-NORTH', key }).then(200, { status: 'withdrawn' });
    for (const id of ['of-SOUTH', 'of-all']) {
      for (const act of acts(id)) await refusedBeyond('branch:NORTH', key, act);
      await refusedBeyond('branch:NORTH', key, { url: `/v1/testimonials/${id}` });
      await app.when({ url: `/v1/testimonials/${id}` }).then(200, { status: 'received' });
    }
    for (const act of acts('none')) await app.when({ ...act, key }).thenRefused(404, 'UNKNOWN_TESTIMONIAL');
    await app.when({ url: '/v1/testimonials/none', key }).thenRefused(404, 'UNKNOWN_TESTIMONIAL');
  });

  it('are read and managed by the library that their branch belongs to now', async () => {
    const key = await keyOf('branch-manager', 'library:CITY');
    const [approve] = acts('of-EAST');
    await refusedBeyond('library:CITY', key, approve!);
    await transfer('EAST', 'CITY');
    await app.when({ ...approve!, key }).then(200);
    await transfer('SOUTH', 'TOWN');
    await refusedBeyond('library:CITY', key, { url: '/v1/testimonials/of-SOUTH' });
  });

  it('are listed of a branch within the scopes, page by page', async () => {
    const key = await keyOf('branch-manager', 'library:CITY');
    await app.when(letter('another', 'SOUTH')).then(201);
    await app.when({ url: '/v1/testimonials/another/approve', body: {} }).then(200);
    await app.settled();
    const list = '/v1/testimonials?branch=SOUTH';
    const first = await app.when({ url: `${list}&limit=1`, key }).then(200, { items: [{ id: 'another' }] });
    const cursor = first.body.nextCursor as string;
    await app
      .when({ url: `${list}&limit=1&cursor=${cursor}`, key })
      .then(200, { items: [{ id: 'of-SOUTH' }], nextCursor: null });
    const approved = await app.when({ url: `${list}&status=approved`, key }).then(200);
    expect(approved.body.items).toMatchObject([{ id: 'another' }]);
    await app
      .when({ url: `/v1/testimonials?branch=NORTH&limit=1&cursor=${cursor}`, key })
      .thenRefused(422, 'BAD_CURSOR');
    await transfer('SOUTH', 'TOWN');
    await refusedBeyond('library:CITY', key, { url: `${list}&limit=1&cursor=${cursor}` });
  });

  it('are listed of all branches for whoever reaches the consortium, while others name a branch', async () => {
    const all = ['of-EAST', 'of-NORTH', 'of-SOUTH', 'of-all'];
    for (const key of [
      await keyOf('branch-manager', 'consortium'),
      await keyOf('privacy-officer', 'branch:NORTH'),
    ]) {
      const { body } = await app.when({ url: '/v1/testimonials', key }).then(200);
      expect(body.items.map(({ id }: { id: string }) => id)).toEqual(all);
      const { body: east } = await app.when({ url: '/v1/testimonials?branch=EAST', key }).then(200);
      expect(east.items.map(({ id }: { id: string }) => id)).toEqual(['of-EAST']);
    }
    const key = await keyOf('branch-manager', 'library:CITY', 'branch:EAST');
    const { body } = await app.when({ url: '/v1/testimonials', key }).thenRefused(403, 'OUT_OF_SCOPE');
    expect(body.detail).toMatch(/branch:EAST, library:CITY only\. Name a branch/);
    for (const branch of ['NOWHERE', '', 'NORTH/all']) {
      await refusedBeyond('branch:EAST, library:CITY', key, { url: `/v1/testimonials?branch=${branch}` });
    }
  });
});

it('a survey is made by whoever manages feedback anywhere', async () => {
  const key = await keyOf('branch-manager', 'branch:NORTH');
  await app.when({ url: '/v1/surveys', body: { ...survey, id: 'autumn' }, key }).then(201);
  await app
    .when({
      url: '/v1/surveys',
      body: { ...survey, id: 'winter' },
      key: await keyOf('front-desk', 'consortium'),
    })
    .thenRefused(403, 'FORBIDDEN');
});

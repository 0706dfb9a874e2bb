import { defaultPolicy, fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import type { Grant } from '@readership/host';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { FeedbackModule } from './feedback.module.js';
import { tellAs } from './neighbours.fixture.js';

const patronId = '018f0000-0000-7000-8000-000000000002';
let now = new Date('2024-04-10T12:00:00Z');
let adapters: Adapters;
let app: TestApp;

beforeEach(async () => {
  now = new Date('2024-04-10T12:00:00Z');
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now: () => now });
  for (const [id, library] of Object.entries({ NORTH: 'CITY', SOUTH: 'CITY', EAST: 'TOWN' })) {
    const added = fact('BranchAdded', { id, name: id, library, timeZone: 'UTC' });
    await tellAs(adapters, 'patron-profile', `branch-${id}`, added);
  }
  const registered = { personId: patronId, homeBranch: 'NORTH', category: 'adult', enrolledOn: null };
  await tellAs(adapters, 'patron-profile', patronId, fact('PatronRegistered', registered as never));
  for (const id of ['spring', 'autumn']) {
    await app.when({ url: '/v1/surveys', body: { ...survey, id } }).then(201);
  }
  await app.settled();
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const survey = {
  title: 'Umfrage für Leser',
  language: 'en',
  questions: [
    { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
    { id: 'remark', type: 'text', text: 'What else?' },
  ],
};
const keyOf = (grant: Grant) => issuedKey(app, adapters, [grant]);
const manager = (...scopes: string[]) => keyOf({ role: 'branch-manager', scopes });

/** The ids, or another field, of the items of a list. */
async function listed(url: string, field = 'id', key?: string): Promise<readonly string[]> {
  const { body } = await app.when({ url, ...(key === undefined ? {} : { key }) }).then(200);
  return (body.items as Record<string, string>[]).map((item) => item[field]!);
}

/** The ids of all pages of a list. */
async function pages(url: string, limit: number, key: string): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor = '';
  do {
    const { body } = await app.when({ url: `${url}&limit=${limit}${cursor}`, key }).then(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    ids.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
  } while (cursor !== '');
  return ids;
}

it('surveys are found by title or id', async () => {
  await app.when({ url: '/v1/surveys', body: { ...survey, id: 'staff', title: 'Mitarbeiter' } }).then(201);
  await app.settled();
  expect(await listed('/v1/surveys?q=UMFRAGE%20FUR')).toEqual(['autumn', 'spring']);
  expect(await listed('/v1/surveys?q=staff')).toEqual(['staff']);
  expect(await listed('/v1/surveys?q=leser%20spring')).toEqual(['spring']);
  await app.when({ url: '/v1/surveys?q=%20' }).thenRefused(422, 'BAD_QUERY');
});

describe('responses', () => {
  const url = '/v1/surveys/spring/responses';
  const answer = (id: string, answeredAt: string, branch?: string, remark?: string) => ({
    url,
    body: {
      ...{ id, answeredAt, ...(branch === undefined ? {} : { branch }) },
      answers: { recommend: 9, ...(remark === undefined ? {} : { remark }) },
    },
  });
  beforeEach(async () => {
    await app
      .given(
        answer('a', '2024-02-29T23:30:00Z', 'NORTH', 'Warm.'),
        answer('b', '2024-03-01T10:00:00Z', 'NORTH'),
        answer('c', '2024-03-31T22:30:00Z', 'SOUTH', 'More books.'),
        answer('d', '2024-04-02T12:00:00Z'),
        { ...answer('e', '2024-04-02T12:00:00Z', 'NORTH'), url: '/v1/surveys/autumn/responses' },
      )
      .when({ url, body: { ...answer('f', '2024-04-03T12:00:00Z', 'EAST', 'Dear.').body, patronId } })
      .then(201);
    await app.settled();
  });
  const times = (query: string, key?: string) => listed(`${url}?${query}`, 'answeredAt', key);

  it('are listed newest first, with what was answered', async () => {
    const { body } = await app.when({ url }).then(200);
    expect(body.items.map(({ answeredAt }: { answeredAt: string }) => answeredAt.slice(0, 10))).toEqual([
      ...['2024-04-03', '2024-04-02', '2024-03-31', '2024-03-01', '2024-02-29'],
    ]);
    expect(body.nextCursor).toBeNull();
    const score = { question: 'recommend', type: 'nps', score: 9 };
    expect(body.items[0]).toEqual({
      ...{ id: expect.any(String), answeredAt: '2024-04-03T12:00:00.000Z', branch: 'EAST', patronId },
      ...{ scores: [score], comments: [{ question: 'remark', text: 'Dear.' }] },
    });
    expect(body.items[1]).toMatchObject({ comments: [] });
    expect(body.items[1]).not.toHaveProperty('branch');
  });

  it('are listed with comments only, of a branch, and page by page', async () => {
    const commented = await app.when({ url: `${url}?comments=true` }).then(200);
    const texts = commented.body.items.map(
      (item: { comments: { text: string }[] }) => item.comments[0]!.text,
    );
    expect(texts).toEqual(['Dear.', 'More books.', 'Warm.']);
    expect(await times('comments=false')).toHaveLength(5);
    expect(await times('branch=NORTH')).toHaveLength(2);
    expect(await times('branch=NORTH&comments=true')).toEqual(['2024-02-29T23:30:00.000Z']);
    const all = await listed(url);
    expect(await pages(`${url}?`, 2, app.key)).toEqual(all);
    const first = await app.when({ url: `${url}?comments=true&limit=1` }).then(200);
    for (const other of ['', 'comments=true&branch=NORTH&', 'comments=true&from=2024-01&']) {
      await app
        .when({ url: `${url}?${other}cursor=${first.body.nextCursor}` })
        .thenRefused(422, 'BAD_CURSOR');
    }
    await app.when({ url: `${url}?comments=yes` }).thenRefused(422, 'BAD_QUERY');
    await app.when({ url: `${url}?comment=true` }).thenRefused(400, 'UNKNOWN_PARAMETER');
    await app.when({ url: '/v1/surveys/none/responses' }).thenRefused(404, 'UNKNOWN_SURVEY');
  });

  it('are listed of months or days in the time zone of the consortium', async () => {
    expect(await times('from=2024-03&to=2024-03')).toHaveLength(2);
    expect(await times('to=2024-02-29')).toEqual(['2024-02-29T23:30:00.000Z']);
    expect(await times('from=2024-04-03')).toHaveLength(1);
    await tellAs(
      adapters,
      'patron-profile',
      'consortium-main',
      fact('ConsortiumConfigured', {
        ...{ name: 'Lakes', timeZone: 'Europe/Vienna', currency: 'EUR', fiscalYearStartMonth: 1 },
        activityPolicy: defaultPolicy,
      }),
    );
    await app.settled();
    const march = ['2024-03-01T10:00:00.000Z', '2024-02-29T23:30:00.000Z'];
    expect(await times('from=2024-03&to=2024-03')).toEqual(march);
    expect(await times('branch=SOUTH&from=2024-04-01&to=2024-04-01')).toEqual(['2024-03-31T22:30:00.000Z']);
    await app.when({ url: `${url}?from=2024-04&to=2024-03` }).thenRefused(422, 'FROM_AFTER_TO');
    await app.when({ url: `${url}?from=yesterday` }).thenRefused(422, 'BAD_DATE');
  });

  it('are listed within the scopes of the credential only', async () => {
    const key = await manager('library:CITY');
    expect(await times('branch=NORTH', key)).toHaveLength(2);
    for (const query of ['', 'branch=EAST', 'branch=NORTH/all', 'comments=true']) {
      await app.when({ url: `${url}?${query}`, key }).thenRefused(403, 'OUT_OF_SCOPE');
    }
    expect(await times('', await manager('consortium'))).toHaveLength(5);
    for (const role of ['front-desk', 'analyst'] as const) {
      await app
        .when({ url, key: await keyOf({ role, scopes: ['consortium'] }) })
        .thenRefused(403, 'FORBIDDEN');
    }
  });

  it('are there for whoever waits for their own write', async () => {
    const { headers } = await app.when(answer('g', '2024-04-09T12:00:00Z', 'NORTH')).then(201);
    const after = headers.get('readership-position')!;
    expect((await times(`limit=1&after=${after}`))[0]).toBe('2024-04-09T12:00:00.000Z');
  });
});

describe('invitations', () => {
  const url = '/v1/surveys/spring/invitations';
  async function invited(expiresOn: string, place: object = {}): Promise<{ id: string; path: string }> {
    const { body } = await app.when({ url, body: { expiresOn, ...place } }).then(201);
    return { id: body.id as string, path: new URL(body.link as string).pathname };
  }
  const answered = (path: string) =>
    app.when({ url: path, key: null, body: { answers: { recommend: 8 } } }).then(201);

  it('are listed with what became of them, never with their links', async () => {
    const open = await invited('2024-04-30', { branch: 'NORTH' });
    const late = await invited('2024-04-10');
    const byNobody = await invited('2024-04-20', { branch: 'NORTH' });
    const byAda = await invited('2024-04-12', { branch: 'SOUTH', patronId });
    for (const { path } of [byNobody, byAda]) await answered(path);
    now = new Date('2024-04-11T12:00:00Z');
    await app.settled();
    const { body, text } = await app.when({ url }).then(200);
    expect(body).toEqual({
      items: [
        {
          ...{ id: open.id, state: 'open', issuedAt: '2024-04-10T12:00:00.000Z' },
          ...{ expiresOn: '2024-04-30', branch: 'NORTH' },
        },
        expect.objectContaining({
          id: byNobody.id,
          state: 'answered',
          answeredAt: '2024-04-10T12:00:00.000Z',
        }),
        expect.objectContaining({ id: byAda.id, state: 'answered', patronId, branch: 'SOUTH' }),
        expect.objectContaining({ id: late.id, state: 'expired', expiresOn: '2024-04-10' }),
      ],
      nextCursor: null,
    });
    for (const { path } of [open, late, byNobody, byAda])
      expect(text).not.toContain(path.slice('/r/'.length));
    expect(await listed(`${url}?state=open`)).toEqual([open.id]);
    expect(await listed(`${url}?state=answered`)).toEqual([byNobody.id, byAda.id]);
    expect(await listed(`${url}?state=expired`)).toEqual([late.id]);
    expect(await listed(`${url}?state=answered&branch=NORTH`)).toEqual([byNobody.id]);
    expect(await listed('/v1/surveys/autumn/invitations')).toEqual([]);
    await app.when({ url: `${url}?state=lost` }).thenRefused(422, 'UNKNOWN_STATE');
    await app.when({ url: '/v1/surveys/none/invitations' }).thenRefused(404, 'UNKNOWN_SURVEY');
  });

  it('are listed page by page, within the scopes of the credential only', async () => {
    for (const day of ['11', '12', '13', '14', '15']) await invited(`2024-04-${day}`, { branch: 'NORTH' });
    const answers = await invited('2024-04-16', { branch: 'NORTH' });
    await answered(answers.path);
    await invited('2024-04-30', { branch: 'EAST' });
    await app.settled();
    const key = await manager('library:CITY');
    const open = await listed(`${url}?branch=NORTH&state=open`, 'id', key);
    expect(open).toHaveLength(5);
    for (const limit of [1, 2, 5]) {
      expect(await pages(`${url}?branch=NORTH&state=open`, limit, key)).toEqual(open);
    }
    const { body } = await app.when({ url: `${url}?branch=NORTH&state=open&limit=2`, key }).then(200);
    for (const other of ['branch=SOUTH&state=open', 'branch=NORTH', 'branch=NORTH&state=expired']) {
      await app
        .when({ url: `${url}?${other}&cursor=${body.nextCursor}`, key })
        .thenRefused(422, 'BAD_CURSOR');
    }
    for (const query of ['', 'branch=EAST']) {
      await app.when({ url: `${url}?${query}`, key }).thenRefused(403, 'OUT_OF_SCOPE');
    }
  });

  it('show their patron to whoever may read answers, and to nobody else', async () => {
    await invited('2024-04-30', { branch: 'NORTH', patronId });
    await app.settled();
    const only = ['feedback.manage'] as const;
    const key = await keyOf({ role: 'branch-manager', scopes: ['branch:NORTH'], only });
    const { body } = await app.when({ url: `${url}?branch=NORTH`, key }).then(200);
    expect(body.items).toMatchObject([{ state: 'open', branch: 'NORTH' }]);
    expect(body.items[0]).not.toHaveProperty('patronId');
    expect(await listed(`${url}?branch=NORTH`, 'patronId', await manager('branch:NORTH'))).toEqual([
      patronId,
    ]);
  });

  it('are answered for whoever waits for the answer', async () => {
    const { path } = await invited('2024-04-30');
    const { headers } = await answered(path);
    const after = headers.get('readership-position');
    expect(after).not.toBeNull();
    expect(await listed(`${url}?after=${after}`, 'state')).toEqual(['answered']);
  });
});

it('testimonials are listed of months or days, of all statuses or of one', async () => {
  for (const [id, receivedOn] of [
    ['a', '2024-02-29'],
    ['b', '2024-03-01'],
    ['c', '2024-03-31'],
    ['d', '2024-04-01'],
  ]) {
    const body = { id, receivedOn, text: 'Thank you.', branch: 'NORTH' };
    await app.when({ url: '/v1/testimonials', body }).then(201);
  }
  await app.when({ url: '/v1/testimonials/b/approve', body: {} }).then(200);
  await app.settled();
  const url = '/v1/testimonials';
  expect(await listed(url)).toEqual(['d', 'c', 'b', 'a']);
  expect(await listed(`${url}?from=2024-03&to=2024-03`)).toEqual(['c', 'b']);
  expect(await listed(`${url}?from=2024-03-31`)).toEqual(['d', 'c']);
  expect(await listed(`${url}?to=2024-03-01&branch=NORTH`)).toEqual(['b', 'a']);
  expect(await listed(`${url}?from=2024-03&status=received&branch=NORTH`)).toEqual(['d', 'c']);
  expect(await pages(`${url}?from=2024-03`, 1, app.key)).toEqual(['d', 'c', 'b']);
  const { body } = await app.when({ url: `${url}?from=2024-03&limit=1` }).then(200);
  await app.when({ url: `${url}?from=2024-02&cursor=${body.nextCursor}` }).thenRefused(422, 'BAD_CURSOR');
  await app.when({ url: `${url}?to=2024-00` }).thenRefused(422, 'BAD_DATE');
});

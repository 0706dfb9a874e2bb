import { contexts } from '@readership/client';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { modulesOn } from './modules.js';

const now = new Date('2024-06-15T12:00:00Z');

let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp(modulesOn, adapters, { now: () => now });
  await tell('/v1/consortium', { name: 'Riverbend', timeZone: 'Europe/Berlin' }, 'PUT');
  await tell('/v1/libraries', { id: 'CITY', name: 'City Library' });
  for (const id of ['NORTH', 'SOUTH'])
    await tell('/v1/branches', { id, name: id, library: 'CITY', timeZone: 'Europe/Berlin' });
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** A write that succeeds: its body and its position. */
async function tell(url: string, body: object, method = 'POST'): Promise<{ body: any; after: string }> {
  const answer = await app.http({ url, body, method });
  expect([url, answer.status < 300 ? 'done' : answer.text]).toEqual([url, 'done']);
  return { body: answer.body, after: answer.headers.get('readership-position') ?? '' };
}

const interaction = (id: string, day: string, data: object = {}) => ({
  specversion: '1.0',
  source: 'desk',
  id,
  type: 'org.readership.interaction.v1',
  time: `${day}T10:00:00+01:00`,
  data: { kind: 'loan', branch: 'NORTH', ...data },
});

/** The values of a metric from month to month. */
async function figures(
  name: string,
  from: string,
  to: string,
  more: { scope?: string; after?: string } = {},
): Promise<readonly (number | null)[]> {
  const query = new URLSearchParams({ from, to, ...more });
  const { body } = await app.when({ url: `/v1/metrics/${name}?${query}` }).then(200);
  return body.points.map(({ value }: { value: number | null }) => value);
}

async function auditHolds(): Promise<void> {
  await app.settled();
  for (const context of contexts) {
    const { body } = await app.when({ url: `/v1/audit/log?context=${context}` }).then(200);
    expect([context, body.holds]).toEqual([context, true]);
  }
}

describe('a consortium, from the first reader to its figures', () => {
  let ada = '';
  let cleo = '';

  it('counts a reader from the month of enrolment on', async () => {
    const { body, after } = await tell('/v1/patrons', {
      cards: ['A-1'],
      givenName: 'Ada',
      familyName: 'Lovelace',
      homeBranch: 'NORTH',
      enrolledOn: '2024-01-10',
    });
    ada = body.id as string;
    expect(await figures('new-readers', '2023-12', '2024-02', { after })).toEqual([0, 1, 0]);
    expect(await figures('current-readers', '2023-12', '2024-02')).toEqual([0, 1, 1]);
    expect(await figures('active-readers', '2023-12', '2024-02')).toEqual([0, 0, 0]);
  });

  it('counts a loan at once in the volumes, and its reader as active', async () => {
    const { after } = await tell('/v1/interactions', interaction('l1', '2024-02-03', { card: 'a 1' }));
    expect(await figures('loans', '2024-01', '2024-03', { after })).toEqual([0, 1, 0]);
    await app.settled();
    expect(await figures('active-readers', '2024-01', '2024-03')).toEqual([0, 1, 1]);
  });

  it('counts a card that came first for its patron once that one is registered', async () => {
    const { after } = await tell('/v1/interactions', interaction('l2', '2024-03-05', { card: 'C9' }));
    expect(await figures('loans', '2024-03', '2024-03', { after })).toEqual([1]);
    await app.settled();
    expect(await figures('active-readers', '2024-03', '2024-03')).toEqual([1]);
    const { body } = await tell('/v1/patrons', {
      cards: ['C9'],
      givenName: 'Cleo',
      familyName: 'Nunes',
      homeBranch: 'SOUTH',
    });
    cleo = body.id as string;
    await app.settled();
    expect(await figures('active-readers', '2024-02', '2024-04')).toEqual([1, 2, 2]);
    expect(await figures('new-readers', '2024-02', '2024-04')).toEqual([0, 1, 0]);
    expect(await figures('new-readers', '2024-03', '2024-03', { scope: 'branch:SOUTH' })).toEqual([1]);
    expect(await figures('loans', '2024-03', '2024-03', { scope: 'branch:NORTH' })).toEqual([1]);
    const { body: held } = await app.when({ url: '/v1/patrons?card=c-9' }).then(200);
    expect(held.items).toMatchObject([{ id: cleo, givenName: 'Cleo' }]);
  });

  it('restates a month when an interaction is corrected or withdrawn', async () => {
    const sent = await tell('/v1/interactions', interaction('l3', '2024-04-08', { card: 'A1', quantity: 3 }));
    const path = `/v1/interactions/${sent.body.id}`;
    const corrected = await tell(`${path}/correct`, { quantity: 2, kind: 'renewal', reason: 'miscounted' });
    expect(await figures('loans', '2024-04', '2024-04', { after: corrected.after })).toEqual([0]);
    expect(await figures('renewals', '2024-04', '2024-04')).toEqual([2]);
    const withdrawn = await tell(`${path}/withdraw`, { reason: 'of another library' });
    expect(await figures('renewals', '2024-04', '2024-04', { after: withdrawn.after })).toEqual([0]);
    await app.when({ url: `${path}/correct`, body: { quantity: 5, reason: 'late' } }).then(409);
  });

  it('moves a reader from one branch to another, which loses and wins nobody for the consortium', async () => {
    const { after } = await tell(`/v1/patrons/${ada}/move`, { homeBranch: 'SOUTH', since: '2024-04-15' });
    const of = (scope: string) => figures('current-readers', '2024-03', '2024-05', { scope, after });
    expect(await of('branch:NORTH')).toEqual([1, 0, 0]);
    expect(await of('branch:SOUTH')).toEqual([1, 2, 2]);
    expect(await of('consortium')).toEqual([2, 2, 2]);
    expect(await figures('moved-out-readers', '2024-04', '2024-04', { scope: 'branch:NORTH' })).toEqual([1]);
  });

  it('loses a reader who is closed, by reason, and wins back one who is reopened', async () => {
    const closed = await tell(`/v1/patrons/${cleo}/close`, { reason: 'not-renewed', on: '2024-04-20' });
    const { body } = await app
      .when({ url: `/v1/metrics/lost-readers?from=2024-04&to=2024-04&after=${closed.after}` })
      .then(200);
    expect(body.points).toMatchObject([
      { value: 1, reasons: { lapsed: 0, expired: 1, closed: 0, erased: 0 } },
    ]);
    const open = await tell(`/v1/patrons/${cleo}/reopen`, { on: '2024-05-02' });
    expect(await figures('current-readers', '2024-03', '2024-05', { after: open.after })).toEqual([2, 1, 2]);
    expect(await figures('reactivated-readers', '2024-05', '2024-05')).toEqual([1]);
  });

  it('asks by a link and on paper, and scores the answers by branch', async () => {
    await tell('/v1/surveys', {
      id: 'spring',
      title: 'Spring survey',
      language: 'en',
      questions: [
        { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
        { id: 'satisfied', type: 'csat', text: 'Are you satisfied?' },
      ],
    });
    const { body } = await tell('/v1/surveys/spring/invitations', {
      patronId: ada,
      branch: 'SOUTH',
      expiresOn: '2024-06-30',
    });
    const url = new URL(body.link as string).pathname;
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };
    expect((await app.http({ url, key: null, headers: { accept: 'text/html' } })).text).toContain('Spring');
    const answer = { url, key: null, headers, body: 'q-recommend=10&q-satisfied=5' };
    expect((await app.http(answer)).status).toBe(201);
    expect((await app.http(answer)).status).toBe(409);
    const again = { url, key: null, body: { answers: { recommend: 1 } } };
    await app.when(again).then(409, { code: 'ALREADY_ANSWERED' });

    const { after } = await tell('/v1/surveys/spring/responses', {
      id: 'sheet-1',
      answeredAt: '2024-06-03T09:00:00Z',
      branch: 'NORTH',
      answers: { recommend: 5, satisfied: 2 },
    });
    await app.settled();
    expect(await figures('nps', '2024-06', '2024-06', { after })).toEqual([0]);
    expect(await figures('csat', '2024-06', '2024-06')).toEqual([0.5]);
    expect(await figures('nps', '2024-06', '2024-06', { scope: 'branch:SOUTH' })).toEqual([100]);
  });

  it('counts a testimonial when it is received', async () => {
    const letter = { id: 'letter-1', receivedOn: '2024-05-20', branch: 'NORTH', text: 'Thank you.' };
    const { after } = await tell('/v1/testimonials', letter);
    expect(await figures('testimonials', '2024-04', '2024-05', { after })).toEqual([0, 1]);
    await tell('/v1/testimonials/letter-1/approve', {});
    await tell('/v1/testimonials/letter-1/publish', {
      consent: { givenOn: '2024-05-21', statement: 'You may print it.' },
    });
  });

  it('divides what was spent by the readers who were active', async () => {
    const cost = (minor: number) => ({
      branch: 'NORTH',
      month: '2024-05',
      category: 'staff',
      amount: { minor, currency: 'EUR' },
    });
    await tell('/v1/costs', cost(999));
    const { after } = await tell('/v1/costs', cost(5_001));
    expect(await figures('cost-per-reader', '2024-04', '2024-05', { after })).toEqual([null, 2500.5]);
  });

  it("answers the board's six figures, in order, with policy, scope and n", async () => {
    await app.settled();
    const { body } = await app.when({ url: '/v1/metrics?to=2024-05' }).then(200);
    expect(body).toMatchObject({ scope: 'consortium', policy: { windowMonths: 12 } });
    expect(body.figures.map(({ metric, points }: any) => [metric, points[0].value])).toEqual([
      ['new-readers', 0],
      ['lost-readers', 1],
      ['frequency', 1],
      ['cost-per-reader', 2500.5],
      ['testimonials', 1],
      ['satisfaction', null],
    ]);
  });

  it('leaves a free card free when another of the same request is taken', async () => {
    const asked = { givenName: 'Ben', familyName: 'Okri', homeBranch: 'NORTH', enrolledOn: '2024-06-10' };
    await app
      .when({ url: '/v1/patrons', body: { ...asked, cards: ['B8', 'C9'] } })
      .thenRefused(409, 'CARD_TAKEN');
    await app.when({ url: '/v1/patrons', body: { ...asked, cards: ['B8'] } }).then(201);
  });

  it('accounts for every record of every context', auditHolds);
});

describe('bad input is refused by name and changes nothing', () => {
  let before: unknown;

  /** All that every context has recorded, ever. */
  async function recorded(): Promise<unknown> {
    await app.settled();
    return Promise.all(
      contexts.map(async (context) => {
        const { body } = await app.when({ url: `/v1/audit/log?context=${context}` }).then(200);
        return body.partitions;
      }),
    );
  }

  beforeAll(async () => {
    before = await recorded();
  });
  afterAll(async () => {
    expect(await recorded()).toEqual(before);
    await auditHolds();
  });

  const json = { 'content-type': 'application/json' };
  const text = (over: object) => JSON.stringify({ ...interaction('bad', '2024-05-01'), ...over });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const patron = { cards: ['B7'], givenName: 'Ben', familyName: 'Okri', homeBranch: 'NORTH' };

  it.each<[string, string | Buffer, number, string]>([
    ['malformed JSON', '{"specversion":', 400, 'MALFORMED_JSON'],
    ['malformed UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'NOT_UTF8'],
    ['100,000 nested arrays', deep, 400, 'TOO_DEEP'],
    ['__proto__', text({}).replace('{', '{"__proto__":{"kind":"loan"},'), 400, 'FORBIDDEN_KEY'],
    ['NUL', text({ source: 'a\u0000b' }), 400, 'BAD_STRING'],
    ['a lone surrogate', text({ source: 'a\ud83d' }), 400, 'BAD_STRING'],
    ['an unknown field', text({ data: { kind: 'loan', branch: 'NORTH', colour: 1 } }), 422, 'UNKNOWN_FIELD'],
    ['an unknown branch', text({ data: { kind: 'loan', branch: 'NOWHERE' } }), 422, 'UNKNOWN_BRANCH'],
    ['a time beyond a day ahead', text({ time: '2024-06-16T12:00:01Z' }), 422, 'TIME_IN_FUTURE'],
    ['the year 0001', text({ time: '0001-01-01T00:00:00Z' }), 422, 'TIME_TOO_EARLY'],
    ['the year 9999', text({ time: '9999-12-31T23:59:59Z' }), 422, 'TIME_OUT_OF_RANGE'],
    ['an id that stands for another fact', JSON.stringify(interaction('l1', '2024-02-04')), 409, 'ID_REUSED'],
  ])('an interaction with %s', async (_what, body, status, code) => {
    const answer = await app.when({ url: '/v1/interactions', body, headers: json }).thenRefused(status, code);
    expect(answer.text).not.toMatch(/\\n\s+at |\.ts:|\.js:|node_modules/);
  });

  it.each<[string, string, unknown, number, string]>([
    ['a patron of wrong types', '/v1/patrons', { ...patron, cards: 7, givenName: ['x'] }, 422, 'INVALID'],
    ['a patron with an unknown field', '/v1/patrons', { ...patron, shoeSize: 43 }, 422, 'INVALID'],
    [
      'a patron of an unknown branch',
      '/v1/patrons',
      { ...patron, homeBranch: 'NOWHERE' },
      422,
      'UNKNOWN_BRANCH',
    ],
    ['a card of someone else', '/v1/patrons', { ...patron, cards: ['C9'] }, 409, 'CARD_TAKEN'],
    [
      'a free card and one of someone else',
      '/v1/patrons',
      { ...patron, cards: ['B7', 'C9'] },
      409,
      'CARD_TAKEN',
    ],
    [
      'a branch that is already another',
      '/v1/branches',
      { id: 'NORTH', name: 'Other', library: 'CITY', timeZone: 'UTC' },
      409,
      'BRANCH_EXISTS',
    ],
    [
      'a second answer by the same id',
      '/v1/surveys/spring/responses',
      { id: 'sheet-1', answeredAt: '2024-06-03T09:00:00Z', answers: { recommend: 9 } },
      409,
      'ID_REUSED',
    ],
    [
      'an answer out of range',
      '/v1/surveys/spring/responses',
      { id: 's', answeredAt: '2024-06-03T09:00:00Z', answers: { recommend: 11 } },
      422,
      'SCORE_OUT_OF_RANGE',
    ],
    [
      'a testimonial of tomorrow’s tomorrow',
      '/v1/testimonials',
      { id: 't', receivedOn: '2024-06-18', text: 'x' },
      422,
      'DATE_IN_FUTURE',
    ],
    [
      'a cost of an unknown branch',
      '/v1/costs',
      { branch: 'NOWHERE', month: '2024-05', category: 'staff', amount: { minor: 1, currency: 'EUR' } },
      422,
      'UNKNOWN_BRANCH',
    ],
    [
      'a cost that is no integer',
      '/v1/costs',
      { branch: 'NORTH', month: '2024-05', category: 'staff', amount: { minor: 1.5, currency: 'EUR' } },
      422,
      'INVALID',
    ],
  ])('%s', async (_what, url, body, status, code) => {
    await app.when({ url, body }).thenRefused(status, code);
  });

  it.each(['/v1/interactions/batch', '/v1/patrons/batch', '/v1/surveys/spring/responses'])(
    '10,001 lines to %s',
    async (url) => {
      const body = `${JSON.stringify(interaction('line', '2024-05-01'))}\n`.repeat(10_001);
      const headers = { 'content-type': 'application/x-ndjson' };
      await app.when({ url, body, headers }).thenRefused(413, 'TOO_MANY_LINES');
    },
  );

  it.each<[string, string, number, string]>([
    ['an unknown metric', '/v1/metrics/happiness', 404, 'UNKNOWN_METRIC'],
    ['a metric named like a method', '/v1/metrics/constructor', 404, 'UNKNOWN_METRIC'],
    ['from after to', '/v1/metrics/loans?from=2024-05&to=2024-04', 422, 'FROM_AFTER_TO'],
    ['a month that is none', '/v1/metrics/loans?from=2024-13&to=2024-14', 422, 'BAD_MONTH'],
    ['an unknown scope', '/v1/metrics/loans?scope=branch:NOWHERE', 404, 'UNKNOWN_SCOPE'],
    ['an unknown grain', '/v1/metrics/loans?grain=week', 422, 'BAD_PARAMETER'],
    ['241 points', '/v1/metrics/loans?from=2000-01&to=2020-01', 400, 'TOO_MANY_POINTS'],
    ['a position that is none', '/v1/metrics/loans?after=made-up', 422, 'BAD_POSITION'],
    ['a route that is none', '/v1/nothing', 404, 'NOT_FOUND'],
  ])('a question for %s', async (_what, url, status, code) => {
    await app.when({ url }).thenRefused(status, code);
  });
});

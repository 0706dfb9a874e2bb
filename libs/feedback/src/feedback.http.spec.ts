import { defaultPolicy, fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { FeedbackModule } from './feedback.module.js';
import { tellAs } from './neighbours.fixture.js';

const branch = (id: string) => fact('BranchAdded', { id, name: id, library: 'CITY', timeZone: 'UTC' });

let now = new Date('2024-04-10T12:00:00Z');
let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  await tellAs(adapters, 'patron-profile', 'branch-NORTH', branch('NORTH'));
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now: () => now });
});

afterAll(async () => {
  await app.close();
  await adapters.close();
});

beforeEach(() => {
  now = new Date('2024-04-10T12:00:00Z');
});

let counter = 0;
const fresh = (word: string): string => `${word}-${++counter}`;

const questions = [
  { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
  { id: 'satisfied', type: 'csat', text: 'Are you satisfied?' },
  { id: 'remark', type: 'text', text: 'What else?' },
];
const surveyOf = (id: string) => ({ id, title: 'Spring survey', language: 'en', questions });

async function survey(change: object = {}): Promise<string> {
  const id = fresh('survey');
  await app.when({ url: '/v1/surveys', body: { ...surveyOf(id), ...change } }).then(201);
  return id;
}

const published = async (type: string): Promise<readonly object[]> => {
  const facts: object[] = [];
  const consumption = await adapters.eventLog.consume({
    group: fresh('reader'),
    window: 1000,
    start: () => Promise.resolve(0),
    take: async (_partition, records) => {
      for (const record of records) if (record.type === type) facts.push(JSON.parse(record.body) as object);
    },
  });
  await app.settled();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await consumption.stop();
  return facts;
};

describe('surveys', () => {
  it('are created once; the same again changes nothing, other content is refused', async () => {
    const body = surveyOf(fresh('survey'));
    const created = await app.when({ url: '/v1/surveys', body }).then(201, body);
    expect(created.headers.get('location')).toBe(`/v1/surveys/${body.id}`);
    expect(created.headers.get('readership-position')).toBeTruthy();
    await app.when({ url: '/v1/surveys', body }).then(200, body);
    await app
      .when({ url: '/v1/surveys', body: { ...body, title: 'Other' } })
      .thenRefused(409, 'SURVEY_EXISTS');
    await app.when({ url: `/v1/surveys/${body.id}` }).then(200, body);
  });

  it('are the same in another spelling', async () => {
    const body = { ...surveyOf(fresh('survey')), title: 'Umfrage für Zoë' };
    await app.when({ url: '/v1/surveys', body }).then(201, body);
    const spelled = { ...body, title: '\ufeffUmfrage  fu\u0308r\u00a0Zoe\u0308\u200b ' };
    await app.when({ url: '/v1/surveys', body: spelled }).then(200, body);
  });

  it.each<[string, object]>([
    ['without questions', { questions: [] }],
    [
      'with 31 questions',
      { questions: Array.from({ length: 31 }, (_, at) => ({ ...questions[0], id: `q${at}` })) },
    ],
    ['with a question that is an array', { questions: [[]] }],
    ['with a question of another type', { questions: [{ id: 'a', type: 'libqual', text: '?' }] }],
    ['with an unknown field', { colour: 'blue' }],
    ['with a path as id', { id: '../etc' }],
    ['with a title that is blank', { title: '  ' }],
    ['with a title in which nothing can be seen', { title: '\u200b\u202e\ufeff' }],
    ['with a control character in its title', { title: 'a\u0007' }],
    ['with a language that is no tag', { language: '"><script>' }],
  ])('are refused %s', async (_what, change) => {
    const body = { ...surveyOf(fresh('survey')), ...change };
    await app.when({ url: '/v1/surveys', body }).thenRefused(422, 'INVALID');
  });

  it('are listed by id, page by page, and one just created is among them', async () => {
    const last = await app.when({ url: '/v1/surveys', body: surveyOf('zz-last') }).then(201);
    const after = last.headers.get('readership-position')!;
    const ids: string[] = [];
    let cursor = '';
    do {
      const { body } = await app.when({ url: `/v1/surveys?limit=1&after=${after}${cursor}` }).then(200);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(ids.length).toBeGreaterThan(1);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids.at(-1)).toBe('zz-last');
    await app.when({ url: '/v1/surveys?cursor=made-up' }).thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: '/v1/surveys?limit=201' }).thenRefused(422, 'BAD_LIMIT');
  });

  it('are not there by another id', () =>
    app.when({ url: '/v1/surveys/none' }).thenRefused(404, 'UNKNOWN_SURVEY'));
  it('need a key', () => app.when({ url: '/v1/surveys', key: null }).thenRefused(401, 'UNAUTHENTICATED'));
});

describe('paper responses', () => {
  const response = (id: string, change: object = {}) => ({
    id,
    answeredAt: '2024-04-02T12:00:00+02:00',
    branch: 'NORTH',
    answers: { recommend: 9, satisfied: 4, remark: 'More chairs, says Jane.' },
    ...change,
  });

  it('are recorded once by their id', async () => {
    const url = `/v1/surveys/${await survey()}/responses`;
    await app.when({ url, body: response('p1') }).then(201, { id: 'p1', outcome: 'recorded' });
    const again = response('p1', { answeredAt: '2024-04-02T10:00:00.000Z' });
    await app.when({ url, body: again }).then(200, { id: 'p1', outcome: 'already-recorded' });
    const other = response('p1', { answers: { recommend: 0 } });
    await app.when({ url, body: other }).thenRefused(409, 'ID_REUSED');
  });

  it('may have null and blank text for what is optional', async () => {
    const url = `/v1/surveys/${await survey()}/responses`;
    const bare = { id: 'n1', answeredAt: '2024-04-02T12:00:00+02:00', answers: { recommend: 9 } };
    const body = {
      ...bare,
      patronId: null,
      branch: '',
      answers: { recommend: 9, satisfied: null, remark: ' ' },
    };
    await app.when({ url, body }).then(201, { outcome: 'recorded' });
    await app.when({ url, body: bare }).then(200, { outcome: 'already-recorded' });
  });

  it('publish scores, day and branch, and nothing that was written', async () => {
    const id = await survey();
    await app.when({ url: `/v1/surveys/${id}/responses`, body: response('p1') }).then(201);
    const facts = (await published('SurveyAnswered')).filter(
      (each) => (each as { survey: string }).survey === id,
    );
    expect(facts).toEqual([
      {
        survey: id,
        response: expect.any(String),
        answeredAt: '2024-04-02T10:00:00.000Z',
        branch: 'NORTH',
        scores: [
          { question: 'recommend', type: 'nps', score: 9 },
          { question: 'satisfied', type: 'csat', score: 4 },
        ],
      },
    ]);
  });

  it.each<[string, object, string, string]>([
    ['an unknown question', { answers: { other: 1 } }, 'UNKNOWN_QUESTION', '/answers/other'],
    ['a score out of range', { answers: { recommend: 11 } }, 'SCORE_OUT_OF_RANGE', '/answers/recommend'],
    ['a text too long', { answers: { remark: 'x'.repeat(5001) } }, 'TEXT_TOO_LONG', '/answers/remark'],
    ['no answer', { answers: {} }, 'NO_ANSWER', '/answers'],
    ['answers in an array', { answers: [9] }, 'BAD_ANSWERS', '/answers'],
    ['a time more than a day ahead', { answeredAt: '2024-04-11T12:00:01Z' }, 'TIME_IN_FUTURE', '/answeredAt'],
    ['a time before 1900', { answeredAt: '1899-12-31T23:59:59Z' }, 'TIME_TOO_EARLY', '/answeredAt'],
    ['year 1', { answeredAt: '0001-01-01T00:00:00Z' }, 'TIME_TOO_EARLY', '/answeredAt'],
    ['year 9999', { answeredAt: '9999-01-01T00:00:00Z' }, 'TIME_IN_FUTURE', '/answeredAt'],
    ['a time without offset', { answeredAt: '2024-04-02T12:00:00' }, 'BAD_TIME', '/answeredAt'],
    ['a day that is not', { answeredAt: '2024-02-30T12:00:00Z' }, 'BAD_TIME', '/answeredAt'],
    ['a patron id that is none', { patronId: 'Jane' }, 'BAD_PATRON_ID', '/patronId'],
    ['an empty id', { id: '' }, 'BAD_ID', '/id'],
    ['an unknown field', { card: '1' }, 'UNKNOWN_FIELD', '/card'],
    ['an unknown branch', { branch: 'NOWHERE' }, 'UNKNOWN_BRANCH', '/branch'],
  ])('are refused with %s', async (_what, change, code, pointer) => {
    const url = `/v1/surveys/${await survey()}/responses`;
    const refused = await app.when({ url, body: response('p1', change) }).thenRefused(422, code);
    expect(refused.body.errors[0]).toMatchObject({ pointer, code });
  });

  it('wait for a branch that is about to be known', async () => {
    const url = `/v1/surveys/${await survey()}/responses`;
    const sent = app.http({ url, body: response('p1', { branch: 'LATE' }) });
    setTimeout(() => void tellAs(adapters, 'patron-profile', 'branch-LATE', branch('LATE')), 300);
    expect((await sent).status).toBe(201);
  });

  it('are of a survey that is known', () =>
    app.when({ url: '/v1/surveys/none/responses', body: response('p1') }).thenRefused(404, 'UNKNOWN_SURVEY'));

  it('come as JSON or NDJSON', async () => {
    const url = `/v1/surveys/${await survey()}/responses`;
    await app
      .when({ url, body: 'a,b', headers: { 'content-type': 'text/csv' } })
      .thenRefused(415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  describe('in lines', () => {
    const headers = { 'content-type': 'application/x-ndjson' };

    it('get an outcome each, in order', async () => {
      const url = `/v1/surveys/${await survey()}/responses`;
      const lines = [
        response('a'),
        response('a'),
        response('a', { answers: { recommend: 1 } }),
        response('b', { branch: 'NOWHERE' }),
        response('c', { answers: { recommend: 12 } }),
        response('d', { branch: undefined }),
      ].map((line) => JSON.stringify(line));
      const body = [...lines.slice(0, 3), '', '{"id":', ...lines.slice(3)].join('\n');
      const { body: outcomes, headers: told } = await app.when({ url, body, headers }).then(200);
      expect(told.get('content-type')).toMatch(/^application\/x-ndjson/);
      expect(outcomes).toMatchObject([
        { line: 1, outcome: 'recorded', id: 'a' },
        { line: 2, outcome: 'already-recorded', id: 'a' },
        { line: 3, outcome: 'refused', id: 'a', code: 'ID_REUSED' },
        { line: 5, outcome: 'refused', code: 'MALFORMED_JSON' },
        { line: 6, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
        { line: 7, outcome: 'refused', code: 'SCORE_OUT_OF_RANGE' },
        { line: 8, outcome: 'recorded', id: 'd' },
      ]);
    });

    it('are 10,000 at most, else none is recorded', async () => {
      const id = await survey();
      const url = `/v1/surveys/${id}/responses`;
      const body = Array.from({ length: 10_001 }, (_, at) => JSON.stringify(response(`n${at}`))).join('\n');
      await app.when({ url, body, headers }).thenRefused(413, 'TOO_MANY_LINES');
      const { body: most } = await app
        .when({ url, body: body.slice(0, body.lastIndexOf('\n')), headers })
        .then(200);
      expect(most).toHaveLength(10_000);
      expect(most.every(({ outcome }: { outcome: string }) => outcome === 'recorded')).toBe(true);
    });

    it('are UTF-8', async () => {
      const url = `/v1/surveys/${await survey()}/responses`;
      await app.when({ url, body: Buffer.from([0x7b, 0xff, 0x7d]), headers }).thenRefused(400, 'NOT_UTF8');
    });
  });
});

describe('testimonials', () => {
  const letter = (id: string, change: object = {}) => ({
    id,
    receivedOn: '2024-04-02',
    branch: 'NORTH',
    text: 'My daughter learned to read here.',
    ...change,
  });
  const consent = { givenOn: '2024-04-03', statement: 'I agree that the library prints this.' };

  it('keep line breaks, emoji and the joiners of their script, and nothing invisible that means nothing', async () => {
    const body = letter(fresh('letter'), { text: 'می\u200cخواهم\n👨‍👩‍👧', branch: null, patronId: '' });
    const spelled = { ...body, text: '\ufeff می\u200cخواهم\r\n👨‍👩‍👧\u202e ', branch: '', patronId: null };
    await app.when({ url: '/v1/testimonials', body: spelled }).then(201, { text: body.text });
    await app.when({ url: '/v1/testimonials', body }).then(200, { text: body.text });
    const blank = { ...body, id: fresh('letter'), text: '\u200b\n\u202e' };
    await app.when({ url: '/v1/testimonials', body: blank }).thenRefused(422, 'INVALID');
  });

  it('are received, approved, published with consent and withdrawn', async () => {
    const id = fresh('letter');
    const url = `/v1/testimonials/${id}`;
    await app
      .when({ url: '/v1/testimonials', body: letter(id) })
      .then(201, { ...letter(id), status: 'received' });
    await app.when({ url: '/v1/testimonials', body: letter(id) }).then(200, { status: 'received' });
    await app
      .when({ url: '/v1/testimonials', body: letter(id, { text: 'Other' }) })
      .thenRefused(409, 'ID_REUSED');
    await app.when({ url: `${url}/publish`, body: { consent } }).thenRefused(409, 'NOT_APPROVED');
    await app.when({ url: `${url}/approve`, body: {} }).then(200, { status: 'approved' });
    await app.when({ url: `${url}/approve`, method: 'POST' }).then(200, { status: 'approved' });
    await app.when({ url: `${url}/publish`, body: {} }).thenRefused(422, 'INVALID');
    const published = await app
      .when({ url: `${url}/publish`, body: { consent } })
      .then(200, { status: 'published', consent });
    expect(published.headers.get('etag')).toBe('"v3"');
    await app
      .when({ url: `${url}/withdraw`, body: {}, headers: { 'if-match': '"v2"' } })
      .thenRefused(412, 'VERSION_MISMATCH');
    await app.when({ url: `${url}/withdraw`, body: {} }).then(200, { status: 'withdrawn' });
    await app.when({ url: `${url}/publish`, body: { consent } }).thenRefused(409, 'TESTIMONIAL_WITHDRAWN');
    await app.when({ url }).then(200, { id, status: 'withdrawn', text: letter(id).text });
  });

  it.each<[string, object, string]>([
    ['more than a day ahead', { receivedOn: '2024-04-12' }, 'DATE_IN_FUTURE'],
    ['before 1900', { receivedOn: '1899-12-31' }, 'DATE_TOO_EARLY'],
    ['on a day that is not', { receivedOn: '2024-02-30' }, 'BAD_DATE'],
    ['of an unknown branch', { branch: 'NOWHERE' }, 'UNKNOWN_BRANCH'],
    ['without text', { text: ' ' }, 'INVALID'],
    ['with too much text', { text: 'x'.repeat(5001) }, 'INVALID'],
    ['with an unknown field', { stars: 5 }, 'INVALID'],
  ])('are refused %s', (_what, change, code) =>
    app.when({ url: '/v1/testimonials', body: letter(fresh('letter'), change) }).thenRefused(422, code),
  );

  it('are refused with a consent of the future or too long', async () => {
    const id = fresh('letter');
    const url = `/v1/testimonials/${id}/publish`;
    const given = app.given({ url: '/v1/testimonials', body: letter(id) });
    await given
      .when({ url, body: { consent: { ...consent, givenOn: '2024-04-12' } } })
      .thenRefused(422, 'DATE_IN_FUTURE');
    const statement = 'x'.repeat(2001);
    await app.when({ url, body: { consent: { ...consent, statement } } }).thenRefused(422, 'INVALID');
  });

  it('are listed received last first, of all statuses or of one', async () => {
    const ids = [fresh('letter'), fresh('letter')];
    await app
      .when({ url: '/v1/testimonials', body: letter(ids[0]!, { receivedOn: '2024-04-10' }) })
      .then(201);
    await app
      .when({ url: '/v1/testimonials', body: letter(ids[1]!, { receivedOn: '2024-04-11' }) })
      .then(201);
    const { headers } = await app.when({ url: `/v1/testimonials/${ids[0]}/approve`, body: {} }).then(200);
    const after = headers.get('readership-position')!;
    await app.settled();
    const first = await app.when({ url: `/v1/testimonials?limit=1&after=${after}` }).then(200);
    expect(first.body.items).toMatchObject([{ id: ids[1], text: letter('').text, status: 'received' }]);
    const cursor = first.body.nextCursor as string;
    await app
      .when({ url: `/v1/testimonials?limit=1&cursor=${cursor}` })
      .then(200, { items: [{ id: ids[0] }] });
    await app
      .when({ url: '/v1/testimonials?status=approved' })
      .then(200, { items: [{ id: ids[0], status: 'approved' }] });
    await app
      .when({ url: `/v1/testimonials?status=approved&cursor=${cursor}` })
      .thenRefused(422, 'BAD_CURSOR');
    await app.when({ url: '/v1/testimonials?status=lost' }).thenRefused(422, 'UNKNOWN_STATUS');
  });

  it('are not there by another id', () =>
    app.when({ url: '/v1/testimonials/none' }).thenRefused(404, 'UNKNOWN_TESTIMONIAL'));
});

it('lets an invitation be answered until its last day ends in the zone of the consortium', async () => {
  const id = await survey();
  const { body } = await app
    .when({ url: `/v1/surveys/${id}/invitations`, body: { expiresOn: '2024-04-30' } })
    .then(201);
  const url = new URL(body.link as string).pathname;
  now = new Date('2024-05-01T04:00:00Z');
  await app.when({ url, key: null }).then(410);
  const configured = fact('ConsortiumConfigured', {
    name: 'Riverbend',
    timeZone: 'America/Lima',
    currency: 'PEN',
    fiscalYearStartMonth: 1,
    activityPolicy: defaultPolicy,
  });
  await tellAs(adapters, 'patron-profile', 'consortium-main', configured);
  await app.settled();
  await app.when({ url, key: null }).then(200);
});

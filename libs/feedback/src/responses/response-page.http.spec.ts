import { memoryAdapters } from '@readership/embedded';
import { defaultPolicy, fact } from '@readership/contracts';
import { startApp, type TestAnswer, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { FeedbackModule } from '../feedback.module.js';
import { tellAs } from '../neighbours.fixture.js';

const issuedAt = new Date('2024-04-10T12:00:00Z');
const patronId = '018f0000-0000-7000-8000-000000000002';
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };
const json = { accept: 'application/json' };

let now = issuedAt;
let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  await tell(patronId, registered(patronId));
  app = await startApp((ports) => [FeedbackModule.on(ports)], adapters, { now: () => now });
});

afterAll(async () => {
  await app.close();
  await adapters.close();
});

beforeEach(() => {
  now = issuedAt;
});

const tell = (key: string, told: ReturnType<typeof fact>) => tellAs(adapters, 'patron-profile', key, told);
const registered = (personId: string) => fact('PatronRegistered', { personId, homeBranch: 'NORTH' });
const consortium = {
  ...{ name: 'Riverbend', timeZone: 'UTC', currency: 'EUR', fiscalYearStartMonth: 1 },
  activityPolicy: defaultPolicy,
};

let counter = 0;

const questions = [
  { id: 'recommend', type: 'nps', text: 'Would you recommend us?' },
  { id: 'satisfied', type: 'csat', text: 'Are you satisfied?' },
  { id: 'remark', type: 'text', text: 'What else?' },
];

/** Path of the response page of a new invitation to a new survey. */
async function invited(survey: object = {}, invitation: object = {}): Promise<string> {
  const id = `survey-${++counter}`;
  await app
    .given({ url: '/v1/surveys', body: { id, title: 'Spring survey', language: 'en', questions, ...survey } })
    .when({ url: `/v1/surveys/${id}/invitations`, body: { expiresOn: '2024-04-30', ...invitation } })
    .then(201, (body) => (link = body.link as string));
  expect(link).toMatch(/^http:\/\/library\.example\/r\/[A-Za-z0-9_-]{43}$/);
  return new URL(link).pathname;
}
let link = '';

const get = (url: string, headers: Record<string, string> = {}): Promise<TestAnswer> =>
  app.http({ url, key: null, headers });
const send = (url: string, fields: Record<string, string>): Promise<TestAnswer> =>
  app.http({ url, key: null, headers: form, body: new URLSearchParams(fields).toString() });

describe('an invitation', () => {
  it('is to a survey that is known', () =>
    app
      .when({ url: '/v1/surveys/none/invitations', body: { expiresOn: '2024-04-30' } })
      .thenRefused(404, 'UNKNOWN_SURVEY'));

  it.each<[object, string]>([
    [{ expiresOn: '2024-02-30' }, 'BAD_DATE'],
    [{ expiresOn: '9999-12-31' }, 'DATE_IN_FUTURE'],
    [{ expiresOn: '0001-01-01' }, 'DATE_TOO_EARLY'],
    [{ expiresOn: '2024-04-09' }, 'DATE_IN_PAST'],
    [{ expiresOn: '2024-04-30', patronId: '018f0000-0000-7000-8000-00000000dead' }, 'UNKNOWN_PATRON'],
    [{ expiresOn: '2024-04-30', branch: 'NOWHERE' }, 'UNKNOWN_BRANCH'],
    [{ expiresOn: '2024-04-30', patronId: 'Jane' }, 'INVALID'],
    [{}, 'INVALID'],
  ])('is refused as %j', async (body, code) => {
    await invited();
    await app.when({ url: `/v1/surveys/survey-${counter}/invitations`, body }).thenRefused(422, code);
  });
});

describe('an invitation of today', () => {
  it('is taken on the day of the consortium, which may be another than that of UTC', async () => {
    const onTheLastDay = { expiresOn: '2024-04-10' };
    await invited({}, onTheLastDay);
    await tell(
      'consortium-main',
      fact('ConsortiumConfigured', { ...consortium, timeZone: 'Pacific/Auckland' }),
    );
    await app.settled();
    await app
      .when({ url: `/v1/surveys/survey-${counter}/invitations`, body: onTheLastDay })
      .thenRefused(422, 'DATE_IN_PAST');
    await tell('consortium-main', fact('ConsortiumConfigured', { ...consortium, timeZone: 'UTC' }));
    await app.settled();
  });

  it('may be for a patron who is registered a moment later', async () => {
    await invited();
    const late = '018f0000-0000-7000-8000-000000000003';
    const body = { expiresOn: '2024-04-30', patronId: late };
    const url = `/v1/surveys/survey-${counter}/invitations`;
    await Promise.all([app.when({ url, body }).then(201), tell(late, registered(late))]);
  });
});

describe('an invitation for a patron of whom nothing is known yet', () => {
  it('is answered 503 while registrations are still read', async () => {
    await invited();
    const url = `/v1/surveys/survey-${counter}/invitations`;
    const { eventLog } = adapters;
    const knownEnds = eventLog.knownEnds.bind(eventLog);
    // The log has more than this context has taken.
    eventLog.knownEnds = () => knownEnds()?.map((end) => end + 1) ?? null;
    const body = { expiresOn: '2024-04-30', patronId: '018f0000-0000-7000-8000-00000000dead' };
    try {
      await app.when({ url, body }).thenRefused(503, 'NOT_YET_APPLIED');
    } finally {
      eventLog.knownEnds = knownEnds;
    }
  });
});

describe('the response page', () => {
  it('asks the questions in labelled groups of numbers, without a key and without a script', async () => {
    const { status, text, headers } = await get(await invited());
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('<html lang="en" dir="ltr">');
    expect(text).toContain('<legend class="asks">Would you recommend us?</legend>');
    expect(text.match(/name="q-recommend"/g)).toHaveLength(12);
    expect(text.match(/name="q-satisfied"/g)).toHaveLength(6);
    expect(text).toMatch(/<label class="asks" for="question-3">What else\?<\/label>/);
    expect(text).toMatch(/<textarea id="question-3" name="q-remark" rows="5" dir="auto" maxlength="5000"/);
    expect(text).not.toMatch(/<script|style=|https?:/);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, told] of text.matchAll(/(?:aria-describedby|for)="([^"]+)"/g)) {
      expect(ids).toEqual(expect.arrayContaining(told!.split(' ')));
    }
  });

  it('looks as its own style sheet says', async () => {
    const { status, headers, text } = await get('/r/style.css');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    expect(text).toContain('prefers-color-scheme: dark');
    expect(text).not.toContain('url(');
  });

  it('speaks the language of its survey', async () => {
    expect((await get(await invited({ language: 'de-AT' }))).text).toMatch(
      /<html lang="de-AT" dir="ltr">[^]*Antworten senden/,
    );
    expect((await get(await invited({ language: 'fr' }))).text).toContain('30 avril 2024');
    expect((await get(await invited({ language: 'es' }))).text).toContain('Enviar respuestas');
  });

  it('marks its own words as English where it does not speak the language', async () => {
    const { text } = await get(await invited({ language: 'ar' }));
    expect(text).toContain('<html lang="ar" dir="rtl">');
    // One sentence after the other, in one part: apart they would follow each other from right to left.
    expect(text).toMatch(
      /<p><span lang="en" dir="ltr">Answer what you like[^<]*You can answer until[^<]*<\/span><\/p>/,
    );
    expect(text).toContain('<button type="submit"><span lang="en" dir="ltr">Send answers</span></button>');
  });

  it('is written from right to left by the script of its language', async () => {
    expect((await get(await invited({ language: 'pa-Arab' }))).text).toContain(
      '<html lang="pa-Arab" dir="rtl">',
    );
    expect((await get(await invited({ language: 'pa' }))).text).toContain('<html lang="pa" dir="ltr">');
  });

  it('is a page in English, with the title of the survey in its own language, when it only says what happened', async () => {
    const url = await invited({ language: 'fa', title: 'نظرسنجی' });
    const { text } = await send(url, { 'q-recommend': '10' });
    expect(text).toContain('<html lang="en" dir="ltr">');
    expect(text).toContain('<p class="survey" lang="fa" dir="rtl">نظرسنجی</p>\n<h1>Thank you</h1>');
  });

  it('tells faults in one part of the language that it is told in', async () => {
    const url = await invited({ language: 'he' });
    const { text } = await send(url, { 'q-recommend': '11' });
    expect(text).toMatch(
      /<p class="error" id="question-1-error"><span lang="en" dir="ltr"><strong>Error:<\/strong> Choose [^<]*<\/span><\/p>/,
    );
  });

  it('shows titles and questions as the text they are', async () => {
    const title = '<script>alert("1")</script> & more';
    const text = "<img src=x onerror='alert(1)'>";
    const page = await get(await invited({ title, questions: questions.map((each) => ({ ...each, text })) }));
    expect(page.text).not.toMatch(/<script|<img/);
    expect(page.text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more');
    expect(page.text).toContain('&lt;img src=x onerror=&#39;alert(1)&#39;&gt;');
  });

  it('says whether the answers are about a known patron', async () => {
    expect((await get(await invited())).text).toContain('not linked to your library account');
    expect((await get(await invited({}, { patronId }))).text).toContain('kept with your library account');
  });

  it('takes the answers once, and thanks', async () => {
    const url = await invited();
    const thanks = await send(url, { 'q-recommend': '10', 'q-satisfied': '', 'q-remark': 'Line\r\nbreak' });
    expect([thanks.status, thanks.headers.get('content-type')]).toEqual([201, 'text/html; charset=utf-8']);
    expect(thanks.text).toContain('<h1>Thank you</h1>');
    expect(thanks.headers.get('readership-position')).toBeTruthy();
    const again = await send(url, { 'q-recommend': '10' });
    expect([again.status, again.text]).toEqual([409, expect.stringContaining('answered already')]);
    expect((await get(url)).status).toBe(409);
    await app.when({ url, key: null, headers: json }).thenRefused(409, 'ALREADY_ANSWERED');
    await app
      .when({ url, key: null, body: { answers: { recommend: 10 } } })
      .thenRefused(409, 'ALREADY_ANSWERED');
  });

  it('takes one of many answers at the same moment', async () => {
    const url = await invited();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(url, { 'q-recommend': '7' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });

  it('explains what is wrong, leads there, and keeps what was written', async () => {
    const url = await invited();
    const { status, text } = await send(url, {
      'q-recommend': '11',
      'q-satisfied': '3',
      'q-remark': `</textarea><script>${'x'.repeat(5000)}`,
    });
    expect(status).toBe(422);
    expect(text).toContain('<title>Error: Spring survey</title>');
    expect(text).toContain('role="alert"');
    expect(text).toMatch(/<a href="#question-1">Question 1: Choose one/);
    expect(text).toMatch(/<a href="#question-3">Question 3: Shorten/);
    expect(text).toContain('value="3" checked');
    expect(text).toContain('&lt;/textarea&gt;&lt;script&gt;xxx');
    expect(text).not.toContain('<script');
    expect((await send(url, {})).text).toContain('Answer at least one question');
    expect((await send(url, { 'q-recommend': '9', evil: '1' })).status).toBe(422);
    expect((await send(url, { 'q-recommend': '9' })).status).toBe(201);
  });

  it('is gone after its last day', async () => {
    const url = await invited();
    now = new Date('2024-04-30T23:59:59Z');
    expect((await get(url)).status).toBe(200);
    now = new Date('2024-05-01T00:00:00Z');
    const { status, text } = await get(url);
    expect([status, text]).toEqual([410, expect.stringContaining('This survey has ended')]);
    expect((await send(url, { 'q-recommend': '9' })).status).toBe(410);
    await app.when({ url, key: null, headers: json }).thenRefused(410, 'INVITATION_EXPIRED');
  });

  it('is not found by a link that was not made here', async () => {
    const url = await invited();
    const changed = url.slice(0, 3) + (url[3] === 'A' ? 'B' : 'A') + url.slice(4);
    for (const forged of [changed, `${url}A`, '/r/short', `/r/${'A'.repeat(43)}`]) {
      const { status, text } = await get(forged);
      expect([status, text]).toEqual([404, expect.stringContaining('This link does not work')]);
      expect((await send(forged, { 'q-recommend': '9' })).status).toBe(404);
      await app.when({ url: forged, key: null, headers: json }).thenRefused(404, 'UNKNOWN_INVITATION');
    }
  });
});

describe('the response page for programs', () => {
  it('asks and takes answers as JSON', async () => {
    const url = await invited({}, { patronId });
    await app
      .when({ url, key: null, headers: json })
      .then(200, { survey: { title: 'Spring survey', questions }, expiresOn: '2024-04-30' });
    await app.when({ url, key: null, body: { answers: { other: 1 } } }).thenRefused(422, 'UNKNOWN_QUESTION');
    await app.when({ url, key: null, body: { recommend: 9 } }).thenRefused(422, 'INVALID');
    await app
      .when({ url, key: null, body: { answers: { recommend: 9 } } })
      .then(201, { outcome: 'recorded' });
  });

  it('takes nothing but forms and JSON', async () => {
    const headers = { 'content-type': 'text/csv' };
    const url = await invited();
    await app.when({ url, key: null, body: 'a', headers }).thenRefused(415, 'UNSUPPORTED_MEDIA_TYPE');
  });
});

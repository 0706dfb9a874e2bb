import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp, type TestRequest } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { modulesOn } from './modules.js';
import { ada, cost, event, north, survey, testimonial } from './requests.fixture.js';

/** Noon of 10 April in Auckland. */
const now = () => new Date('2024-04-10T00:00:00.000Z');
const lastDay = '2024-03-31';
/** The last instant of the last day in Auckland, which is 13 hours ahead of UTC then, and the one after it. */
const lastInstant = '2024-03-31T10:59:59.999Z';
const firstAfter = '2024-03-31T11:00:00.000Z';

let adapters: Adapters;
let app: TestApp;
let version: number;

const closeOn = async (closedOn: string | null): Promise<void> => {
  const { headers } = await app
    .when({
      method: 'PATCH',
      url: '/v1/branches/NORTH',
      body: { closedOn },
      headers: { 'if-match': `"v${version}"` },
    })
    .then(200, (body) => expect(body.closedOn).toBe(closedOn ?? undefined));
  version = Number(/\d+/.exec(headers.get('etag')!)![0]);
  await app.settled();
};
const lines = (url: string, ...bodies: readonly object[]): TestRequest => ({
  url,
  body: bodies.map((body) => `${JSON.stringify(body)}\n`).join(''),
  headers: { 'content-type': 'application/x-ndjson' },
});
const refused = (request: TestRequest) =>
  app.when(request).then(422, (body) => {
    expect(body.code).toBe('BRANCH_CLOSED');
    expect(body.detail).toContain(`its last day was ${lastDay}`);
  });
/** The first line is refused alone. */
const refusedAlone = (request: TestRequest) =>
  app.when(request).then(200, [{ outcome: 'refused', code: 'BRANCH_CLOSED' }, { outcome: 'recorded' }]);
const open = { id: 'SOUTH', name: 'South' };

beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 2 });
  app = await startApp(modulesOn, adapters, { now });
  const settings = { name: 'Isles', timeZone: 'Pacific/Auckland' };
  await app.when({ method: 'PUT', url: '/v1/consortium', body: settings }).then(200);
  await app.when({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } }).then(201);
  for (const each of [north, { ...north, ...open }])
    await app.when({ url: '/v1/branches', body: each }).then(201);
  await app.when({ url: '/v1/surveys', body: survey }).then(201);
  version = 1;
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

describe('a branch that closed', () => {
  const at = (time: string) => ({ ...event(), time });

  it('takes interactions of its last day in the time zone of the consortium, and none later', async () => {
    const before = at(firstAfter);
    await app.when({ url: '/v1/interactions', body: before }).then(201);
    await closeOn(lastDay);
    await app.when({ url: '/v1/interactions', body: at(lastInstant) }).then(201);
    await refused({ url: '/v1/interactions', body: at(firstAfter) });
    await refusedAlone(lines('/v1/interactions/batch', at(firstAfter), at(lastInstant)));
    const dry = lines('/v1/interactions/batch?dryRun=true', at(firstAfter), at(lastInstant));
    await refusedAlone(dry);
    // What was recorded before the last day was stated stays, and is known again.
    await app.when({ url: '/v1/interactions', body: before }).then(200, { outcome: 'already-recorded' });
    await app.when(lines('/v1/interactions/batch', before)).then(200, [{ outcome: 'already-recorded' }]);
  });

  it('gets no interaction by a correction, but what is there can be corrected and withdrawn', async () => {
    const made = await app.when({ url: '/v1/interactions', body: at(firstAfter) }).then(201);
    const elsewhere = { ...event({ branch: 'SOUTH' }), time: firstAfter };
    const other = await app.when({ url: '/v1/interactions', body: elsewhere }).then(201);
    await closeOn(lastDay);
    const correct = (id: string, change: object) => ({
      url: `/v1/interactions/${id}/correct`,
      body: { reason: 'a slip', ...change },
    });
    await refused(correct(other.body.id, { branch: 'NORTH' }));
    await refused(correct(made.body.id, { time: '2024-04-02T10:00:00Z' }));
    await app.when(correct(other.body.id, { branch: 'NORTH', time: lastInstant })).then(200);
    await app.when(correct(made.body.id, { kind: 'visit' })).then(200);
    await app.when(correct(made.body.id, { branch: 'SOUTH' })).then(200);
    const url = `/v1/interactions/${other.body.id}/withdraw`;
    await app.when({ url, body: { reason: 'a slip' } }).then(200);
  });

  it('has nobody register there or move there after its last day', async () => {
    const before = { ...ada, cards: ['2001'], enrolledOn: '2024-04-05' };
    const kept = await app.when({ url: '/v1/patrons', body: before }).then(201);
    await closeOn(lastDay);
    await refused({ url: '/v1/patrons', body: ada });
    await refused({ url: '/v1/patrons', body: { ...ada, enrolledOn: '2024-04-01' } });
    await app.when({ url: '/v1/patrons', body: { ...ada, enrolledOn: lastDay } }).then(201);
    await app.when({ url: '/v1/patrons', body: before }).then(200, { id: kept.body.id });
    await refusedAlone(
      lines(
        '/v1/patrons/batch',
        { ...ada, cards: ['3001'] },
        { ...ada, cards: ['3002'], enrolledOn: lastDay },
      ),
    );
    const elsewhere = { ...ada, cards: ['4001'], homeBranch: 'SOUTH' };
    const { body } = await app.when({ url: '/v1/patrons', body: elsewhere }).then(201);
    const move = (since: string) => ({
      url: `/v1/patrons/${body.id}/move`,
      body: { homeBranch: 'NORTH', since },
    });
    await refused(move('2024-04-01'));
    await app.when(move(lastDay)).then(200);
    // Who is at home there moves away when they like.
    const away = { homeBranch: 'SOUTH', since: '2024-04-09' };
    await app.when({ url: `/v1/patrons/${kept.body.id}/move`, body: away }).then(200);
  });

  it('gets no response, invitation or testimonial of a later day', async () => {
    const link = {
      url: '/v1/surveys/spring/invitations',
      body: { branch: 'NORTH', expiresOn: '2024-12-31' },
    };
    const { body: invited } = await app.when(link).then(201);
    await closeOn(lastDay);
    const url = '/v1/surveys/spring/responses';
    const response = (id: string, answeredAt: string) => ({
      ...{ id, answeredAt, branch: 'NORTH', answers: { q1: 7 } },
    });
    await refused({ url, body: response('r1', firstAfter) });
    await app.when({ url, body: response('r1', lastInstant) }).then(201);
    await refusedAlone(lines(url, response('r2', firstAfter), response('r3', lastInstant)));
    await refused(link);
    const path = new URL(invited.link).pathname;
    await app.when({ url: path, key: null }).then(410, (page) => expect(page).toContain('has ended'));
    await app
      .when({ url: path, key: null, body: { answers: { q1: 7 } }, headers: { accept: 'application/json' } })
      .thenRefused(410, 'INVITATION_EXPIRED');
    await refused({ url: '/v1/testimonials', body: { ...testimonial, receivedOn: '2024-04-01' } });
    await app.when({ url: '/v1/testimonials', body: { ...testimonial, receivedOn: lastDay } }).then(201);
    await app.when({ method: 'POST', url: '/v1/testimonials/t1/approve' }).then(200);
  });

  it('has costs up to the month of its last day', async () => {
    const april = { ...cost, month: '2024-04', category: 'rent' };
    await app.when({ url: '/v1/costs', body: april }).then(201);
    await closeOn(lastDay);
    await app.when({ url: '/v1/costs', body: cost }).then(201);
    await refused({ url: '/v1/costs', body: { ...cost, month: '2024-04' } });
    const other = { ...cost, category: 'heating' };
    await refusedAlone(lines('/v1/costs', { ...other, month: '2024-04' }, other));
    // What was stated before can still be stated anew.
    const less = { ...april, amount: { minor: 1, currency: 'EUR' } };
    await app.when({ url: '/v1/costs', body: less }).then(201);
  });

  it('keeps its figures', async () => {
    await app.when({ url: '/v1/interactions', body: at(lastInstant) }).then(201);
    await app.settled();
    const url = '/v1/metrics/loans?scope=branch:NORTH&from=2024-03&to=2024-04';
    const { body } = await app.when({ url }).then(200);
    expect(body.points.map((point: { value: number }) => point.value)).toEqual([1, 0]);
    await closeOn(lastDay);
    const after = await app.when({ url }).then(200);
    expect(after.body.points).toEqual(body.points);
  });

  it('is open again once it has no last day, and may close on a day to come', async () => {
    await closeOn(lastDay);
    await refused({ url: '/v1/interactions', body: at(firstAfter) });
    await closeOn(null);
    await app.when({ url: '/v1/interactions', body: at(firstAfter) }).then(201);
    await closeOn('2024-12-31');
    await app.when({ url: '/v1/interactions', body: at(firstAfter) }).then(201);
    await app
      .when({ url: '/v1/branches?library=CITY' })
      .then(200, { items: [{ id: 'NORTH', closedOn: '2024-12-31' }, { id: 'SOUTH' }] });
    await app
      .when({
        method: 'PATCH',
        url: '/v1/branches/NORTH',
        body: { closedOn: '2024-02-30' },
        headers: { 'if-match': `"v${version}"` },
      })
      .thenRefused(422, 'INVALID');
  });
});

import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp, type TestRequest } from '@readership/host/testing';
import { keepsIdempotencyKeys } from '@readership/host/testing/idempotency';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from './patron-profile.module.js';

const start = new Date('2024-03-31T10:00:00.000Z').getTime();
let at: number;
let adapters: Adapters;
let app: TestApp;
const pass = (hours: number): void => void (at += hours * 3_600_000);

beforeEach(async () => {
  at = start;
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters, { now: () => new Date(at) });
  await app.when({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } }).then(201);
  for (const id of ['NORTH', 'SOUTH']) await app.when({ url: '/v1/branches', body: branch(id) }).then(201);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

const branch = (id: string) => ({ id, name: id, library: 'CITY', timeZone: 'UTC' });
const person = (n: number, ...cards: readonly string[]) => ({
  cards: cards.length === 0 ? [`C${n}`] : cards,
  givenName: `Reader ${n}`,
  homeBranch: 'NORTH',
  enrolledOn: '2020-01-01',
});
const patrons = '/v1/patrons';
const keys = '/v1/api-keys';
const desk = (n: number) => ({ name: `Desk ${n}`, role: 'front-desk', scopes: ['branch:NORTH'] });
const withKey = (request: TestRequest, key = 'one'): TestRequest => ({
  ...request,
  headers: { ...request.headers, 'idempotency-key': key },
});

async function registered(n: number): Promise<string> {
  const { body } = await app.when({ url: patrons, body: person(n) }).then(201);
  return `${patrons}/${(body as { id: string }).id}`;
}
async function issued(n: number): Promise<{ url: string; key: string }> {
  const { body } = await app.when({ url: keys, body: desk(n) }).then(201);
  const { id, key } = body as { id: string; key: string };
  return { url: `${keys}/${id}`, key };
}
const holder = async (card: string): Promise<readonly string[]> => {
  const { body } = await app.when({ url: `${patrons}?card=${card}` }).then(200);
  return (body as { items: { id: string }[] }).items.map(({ id }) => id);
};

keepsIdempotencyKeys(() => ({ app, adapters, pass }), {
  'a library': (n) => ({ url: '/v1/libraries', body: { id: `L${n}`, name: 'Another' } }),
  'a branch': (n) => ({ url: '/v1/branches', body: branch(`B${n}`) }),
  'a patron': (n) => ({ url: patrons, body: person(n) }),
  'a patron with several cards': (n) => ({ url: patrons, body: person(n, `A${n}`, `B${n}`) }),
  'a batch of patrons': (n) => ({
    url: `${patrons}/batch`,
    body: [person(n, `A${n}`), person(n, `B${n}`, `C${n}`), person(n, `A${n}`)]
      .map((each) => JSON.stringify(each))
      .join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  }),
  'a move': async (n) => ({
    url: `${await registered(n)}/move`,
    body: { homeBranch: 'SOUTH', since: `2024-01-0${n}` },
  }),
  'a closure': async (n) => ({
    url: `${await registered(n)}/close`,
    body: { reason: 'moved', on: `2024-01-0${n}` },
  }),
  'a reopening': async (n) => {
    const url = await registered(n);
    await app.when({ url: `${url}/close`, body: { reason: 'moved', on: '2024-01-01' } }).then(200);
    return { url: `${url}/reopen`, body: { on: `2024-02-0${n}` } };
  },
  'a contact': async (n) => ({ url: `${await registered(n)}/contact`, body: { familyName: `Núñez ${n}` } }),
  'a change of cards': async (n) => ({
    url: `${await registered(n)}/cards`,
    body: { add: [`X${n}`, `Y${n}`], remove: [`C${n}`] },
  }),
  'an API key': (n) => ({ url: keys, body: desk(n) }),
  'a rotation': async (n) => ({ url: `${(await issued(n)).url}/rotate`, body: { overlapHours: n } }),
});

describe('a patron that is registered again with the same idempotency key', () => {
  it.each([
    ['one card', ['C1']],
    ['two cards', ['C1', 'C2']],
  ])('is the same also when somebody else has the card since: %s', async (_, cards) => {
    const twice = withKey({ url: patrons, body: person(1, ...cards) });
    const { body } = await app.when(twice).then(201);
    const { id } = body as { id: string };
    await app.when({ url: `${patrons}/${id}/cards`, body: { remove: ['C1'], add: ['C9'] } }).then(200);
    await app.when({ url: patrons, body: { ...person(2), cards: ['C1'] } }).then(201);
    expect((await app.http(twice)).body).toMatchObject({ id });
    expect(await holder('C9')).toEqual([id]);
    expect(await holder('C1')).not.toContain(id);
  });

  it.each([
    ['one card', ['C1']],
    ['two cards', ['C1', 'C2']],
  ])('is the same also when nobody has the cards any more: %s', async (_, cards) => {
    const twice = withKey({ url: patrons, body: person(1, ...cards) });
    const { body } = await app.when(twice).then(201);
    const { id } = body as { id: string };
    await app.when({ url: `${patrons}/${id}/cards`, body: { remove: cards, add: ['C9'] } }).then(200);
    expect((await app.when(twice).then(201)).body).toMatchObject({ id });
    expect(await holder('C1')).toEqual([]);
    await app.when({ url: patrons, body: person(2, ...cards) }).then(201);
  });
});

describe('a change that is repeated with its idempotency key', () => {
  it('does not undo what somebody else has changed since', async () => {
    const url = await registered(1);
    const move = (homeBranch: string) => ({ url: `${url}/move`, body: { homeBranch, since: '2024-01-01' } });
    const { body } = await app.when(withKey(move('SOUTH'))).then(200);
    await app.when(move('NORTH')).then(200);
    await app.when(withKey(move('SOUTH'))).then(200, body as object);
    await app.when({ url }).then(200, { homeBranch: 'NORTH' });
  });

  it('leaves cards to whom they were given since', async () => {
    const [first, second] = [await registered(1), await registered(2)];
    const change = withKey({ url: `${first}/cards`, body: { add: ['X', 'Y'] } });
    await app.when(change).then(200);
    await app.when({ url: `${first}/cards`, body: { remove: ['X', 'Y'] } }).then(200);
    await app.when({ url: `${second}/cards`, body: { add: ['X'] } }).then(200);
    await app.when(change).then(200);
    expect(await holder('X')).toEqual([second.slice(patrons.length + 1)]);
    expect(await holder('Y')).toEqual([]);
  });

  it('is accepted with the If-Match of the first time', async () => {
    const url = await registered(1);
    const headers = { 'if-match': '"v2"' };
    const change = withKey({ url: `${url}/contact`, body: { phone: '+43 1 1' }, headers });
    await app.when(change).then(200, { version: 3 });
    await app.when(change).then(200, { version: 3 });
    await app.when(withKey(change, 'two')).thenRefused(412, 'VERSION_MISMATCH');
  });
});

describe('an API key that is asked for again', () => {
  it('is the same one, without the key', async () => {
    const first = await app.when(withKey({ url: keys, body: desk(1) })).then(201);
    const { key, ...rest } = first.body as { key: string };
    const again = await app.when(withKey({ url: keys, body: desk(1) })).then(200);
    expect(again.body).toEqual(rest);
    expect(again.text).not.toContain(key.slice(12, 40));
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    await app.when({ url: '/v1/me', key }).then(200);
  });

  it('is the same one also after its last day, and when it is revoked', async () => {
    const request = withKey({ url: keys, body: { ...desk(1), expiresOn: '2024-03-31' } });
    const { body } = await app.when(request).then(201);
    const { id } = body as { id: string };
    pass(15);
    await app.when(request).then(200, { id });
    await app.when({ method: 'DELETE', url: `${keys}/${id}` }).then(200);
    await app.when(request).then(200, { id, revokedAt: new Date(at).toISOString() });
  });

  it('is not rotated again, and both secrets stay as they were', async () => {
    const { url, key: before } = await issued(1);
    const rotate = withKey({ url: `${url}/rotate`, body: { overlapHours: 2 } });
    const { key, ...rest } = (await app.when(rotate).then(200)).body as { key: string };
    pass(1);
    expect((await app.when(rotate).then(200)).body).toEqual(rest);
    for (const each of [before, key]) await app.when({ url: '/v1/me', key: each }).then(200);
  });
});

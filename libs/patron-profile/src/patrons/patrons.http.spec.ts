import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';

const ada = {
  cards: ['0012-34', 'b 2'],
  givenName: ' José ',
  familyName: 'Ñandú',
  email: 'Jose@Example.org',
  phone: '+43 (1) 234',
  homeBranch: 'NORTH',
  category: 'adult',
  enrolledOn: '2023-01-02',
  language: 'es',
};
const bob = { cards: ['B1'], givenName: 'Bob', familyName: 'Иванов', homeBranch: 'NORTH' };
const register = (body: object) => ({ url: '/v1/patrons', body });
const nobody = '01900000-0000-7000-8000-00000000000a';

let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  // Still the fifteenth in UTC, already the sixteenth in Auckland.
  const now = () => new Date('2024-06-15T20:00:00.000Z');
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters, { now });
  await app
    .given(
      { method: 'PUT', url: '/v1/consortium', body: { name: 'Lakeside', timeZone: 'Pacific/Auckland' } },
      { url: '/v1/libraries', body: { id: 'CITY', name: 'City' } },
      { url: '/v1/branches', body: { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' } },
    )
    .when({ url: '/v1/branches', body: { id: 'SOUTH', name: 'South', library: 'CITY', timeZone: 'UTC' } })
    .then(201);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

async function registered(body: object = ada): Promise<string> {
  return (await app.when(register(body)).then(201)).body.id as string;
}

describe('registering a patron', () => {
  it('lets whoever registered somebody find them at once, without asking for it', async () => {
    for (let n = 0; n < 20; n++) {
      const id = await registered({ ...bob, cards: [`C${n}`], familyName: `Reader ${n} only` });
      await app.when({ url: `/v1/patrons?name=Reader ${n} only` }).then(200, { items: [{ id }] });
    }
  });

  it('answers with their id, place and version', async () => {
    const { body, headers } = await app.when(register(ada)).then(201);
    expect(headers.get('location')).toBe(`/v1/patrons/${body.id}`);
    expect(headers.get('etag')).toBe('"v3"');
    await app.when({ url: `/v1/patrons/${body.id}` }).then(200, {
      id: body.id,
      cards: ['001234', 'B2'],
      givenName: 'José',
      familyName: 'Ñandú',
      email: 'Jose@Example.org',
      phone: '+43 (1) 234',
      homeBranch: 'NORTH',
      category: 'adult',
      language: 'es',
      enrolledOn: '2023-01-02',
      status: 'open',
      version: 3,
    });
  });

  it('answers the same request again with the same patron', async () => {
    const id = await registered();
    const { body } = await app.when(register({ ...ada, cards: ['00 1234', 'B-2'] })).then(200);
    expect(body.id).toBe(id);
  });

  it('is the same in another spelling of names, address and number', async () => {
    const zoe = { cards: ['Z1'], givenName: 'Zoe\u0308  Ann', email: 'Zoe@Example.org', phone: '+43 1 234' };
    const id = await registered({ ...zoe, homeBranch: 'NORTH' });
    const again = {
      ...{ cards: ['z-1'], givenName: '\ufeffZoë\u00a0Ann ', familyName: '', category: null, language: '' },
      ...{ email: ' \u202azoe@example.org\u202c', phone: '\u202a+43 1\u2011234\u202c', homeBranch: 'NORTH' },
    };
    expect((await app.when(register(again)).then(200)).body.id).toBe(id);
    await app.when({ url: `/v1/patrons/${id}` }).then(200, {
      ...{ givenName: 'Zoë Ann', familyName: null, email: 'Zoe@Example.org', phone: '+43 1 234' },
    });
  });

  it('takes one name, whichever, and finds it', async () => {
    const one = { cards: ['S1'], familyName: 'Suharto', homeBranch: 'NORTH' };
    const id = await registered(one);
    const other = await registered({
      cards: ['S2'],
      givenName: 'Björk',
      familyName: null,
      homeBranch: 'NORTH',
    });
    await app.settled();
    await app.when({ url: '/v1/patrons?name=suharto' }).then(200, { items: [{ id, givenName: null }] });
    await app.when({ url: '/v1/patrons?name=bjork' }).then(200, { items: [{ id: other, familyName: null }] });
    await app.when(register({ cards: ['S3'], homeBranch: 'NORTH' })).thenRefused(422, 'NAME_REQUIRED');
  });

  it('keeps the joiners of Persian names, and finds them without', async () => {
    const id = await registered({ ...bob, givenName: 'علی\u200cرضا' });
    await app.settled();
    await app.when({ url: `/v1/patrons/${id}` }).then(200, { givenName: 'علی\u200cرضا' });
    await app
      .when({ url: `/v1/patrons?name=${encodeURIComponent('علیرضا')}` })
      .then(200, { items: [{ id }] });
  });

  it('says which of several cards is taken, never its number', async () => {
    await registered();
    const { body, text } = await app.http(register({ ...bob, cards: ['B1', 'b-1', '001234'] }));
    expect(body).toMatchObject({ code: 'CARD_TAKEN', errors: [{ pointer: '/cards/2', code: 'CARD_TAKEN' }] });
    expect(body.detail).toContain('Card 3');
    expect(text).not.toContain('1234');
    const id = await registered(bob);
    const added = await app.http({ url: `/v1/patrons/${id}/cards`, body: { add: ['N1', '001234'] } });
    expect(added.body).toMatchObject({ code: 'CARD_TAKEN', errors: [{ pointer: '/add/1' }] });
    const bad = await app.http(register({ ...bob, cards: ['N1', 'a\u0007'] }));
    expect(bad.body).toMatchObject({ code: 'BAD_CARD', errors: [{ pointer: '/cards/1' }] });
  });

  it('is refused for a card of somebody else, and for other content under the same card', async () => {
    await registered();
    await app.when(register({ ...bob, cards: ['B1', '001234'] })).thenRefused(409, 'CARD_TAKEN');
    await app.when(register({ ...ada, familyName: 'Other' })).thenRefused(409, 'CARD_TAKEN');
  });

  it('records nothing at all when one of its cards is taken, whichever', async () => {
    await registered();
    const before = await app.recordedSoFar();
    for (const cards of [
      ['B1', '001234'],
      ['001234', 'B1'],
      ['B1', 'B2', 'B3'],
    ]) {
      await app.when(register({ ...bob, cards })).thenRefused(409, 'CARD_TAKEN');
    }
    expect(await app.recordedSoFar()).toBe(before);
    await app.when(register({ ...bob, cards: ['B1', 'B3'] })).then(201);
  });

  it('records nothing when it comes again after its first card was given up', async () => {
    const id = await registered();
    await app.when({ url: `/v1/patrons/${id}/cards`, body: { remove: ['0012-34'] } }).then(200);
    const before = await app.recordedSoFar();
    await app.when(register(ada)).thenRefused(409, 'CARD_TAKEN');
    expect(await app.recordedSoFar()).toBe(before);
  });

  it('has one winner of twenty that ask for a card at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => app.http(register({ ...bob, givenName: `Reader ${n}` }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array<number>(19).fill(409)]);
  });

  it('waits for its branch before it is refused', async () => {
    await app.when(register({ ...ada, homeBranch: 'NONE' })).thenRefused(422, 'UNKNOWN_BRANCH');
    const early = app.http(register({ ...ada, homeBranch: 'EAST' }));
    await app
      .when({ url: '/v1/branches', body: { id: 'EAST', name: 'East', library: 'CITY', timeZone: 'UTC' } })
      .then(201);
    expect((await early).status).toBe(201);
  });

  it('leaves an enrolment that is not known open', async () => {
    const id = await registered(bob);
    await app.when({ url: `/v1/patrons/${id}` }).then(200, { enrolledOn: null });
  });

  it('reckons today in the time zone of the consortium', async () => {
    await app.when(register({ ...bob, enrolledOn: '2024-06-17' })).thenRefused(422, 'FUTURE_DATE');
    await registered({ ...bob, enrolledOn: '2024-06-16' });
  });

  it.each([
    { cards: [] },
    { cards: 'B1' },
    { cards: [''] },
    { cards: ['x'.repeat(65)] },
    { cards: [{}] },
    { givenName: '  ', familyName: null },
    { givenName: '\u200b\u202e', familyName: '\ufeff' },
    { familyName: 'x'.repeat(201) },
    { familyName: 'a\u0007b' },
    { email: 'nobody' },
    { email: 'Ada <ada@example.org>' },
    { email: 'ada@example' },
    { email: 'ada@exa..mple.org' },
    { phone: 'call me' },
    { homeBranch: 'no branch' },
    { category: 'free text, at length' },
    { language: 'Klingon!' },
    { enrolledOn: '2023-02-29' },
    { enrolledOn: '0001-01-01' },
    { enrolledOn: '9999-01-01' },
    { surname: 'x' },
  ])('is refused with %j', async (change) => {
    const { status, body } = await app.http(register({ ...ada, ...change }));
    expect(status).toBe(422);
    expect(['INVALID', 'BAD_CARD', 'FUTURE_DATE', 'NAME_REQUIRED']).toContain(body.code);
    await app.when({ url: '/v1/patrons?card=001234' }).then(200, { items: [] });
  });
});

describe('a patron', () => {
  it('is unknown under an id nobody has', async () => {
    await app.when({ url: `/v1/patrons/${nobody}` }).thenRefused(404, 'PATRON_UNKNOWN');
    await app.when({ url: '/v1/patrons/nobody' }).thenRefused(404, 'PATRON_UNKNOWN');
    await app
      .when({ url: `/v1/patrons/${nobody}/reopen`, body: { on: '2024-01-01' } })
      .thenRefused(404, 'PATRON_UNKNOWN');
    await app
      .when({ url: `/v1/patrons/${nobody}/cards`, body: { add: ['Z'] } })
      .thenRefused(404, 'PATRON_UNKNOWN');
  });

  it('moves, closes, reopens and moves again', async () => {
    const id = await registered();
    const at = `/v1/patrons/${id}`;
    const moved = await app
      .when({ url: `${at}/move`, body: { homeBranch: 'SOUTH', since: '2024-06-01' } })
      .then(200);
    expect(moved.headers.get('etag')).toBe('"v4"');
    const again = await app
      .when({ url: `${at}/move`, body: { homeBranch: 'SOUTH', since: '2024-06-01' } })
      .then(200);
    expect(again.headers.get('etag')).toBe('"v4"');
    await app
      .when({ url: `${at}/move`, body: { homeBranch: 'NONE', since: '2024-06-01' } })
      .thenRefused(422, 'UNKNOWN_BRANCH');
    await app.when({ url: `${at}/reopen`, body: { on: '2024-06-02' } }).thenRefused(409, 'PATRON_OPEN');
    await app
      .when({ url: `${at}/close`, body: { reason: 'moved', on: '2024-06-17' } })
      .thenRefused(422, 'FUTURE_DATE');
    await app.when({ url: `${at}/close`, body: { reason: 'moved', on: '2024-06-10' } }).then(200);
    await app
      .when({ url: at })
      .then(200, { status: 'closed', closure: { reason: 'moved', on: '2024-06-10' } });
    await app
      .when({ url: `${at}/move`, body: { homeBranch: 'NORTH', since: '2024-06-11' } })
      .thenRefused(409, 'PATRON_CLOSED');
    await app.when({ url: `${at}/move`, body: { homeBranch: 'NORTH', since: '2024-06-09' } }).then(200);
    await app.when({ url: at }).then(200, { status: 'closed', homeBranch: 'NORTH' });
    await app.when({ url: `${at}/move`, body: { homeBranch: 'SOUTH', since: '2024-06-09' } }).then(200);
    await app.when({ url: `${at}/reopen`, body: { on: '2024-06-12' } }).then(200);
    await app.when({ url: `${at}/move`, body: { homeBranch: 'NORTH', since: '2024-06-13' } }).then(200);
    const { body } = await app.when({ url: at }).then(200, { status: 'open', homeBranch: 'NORTH' });
    expect(body).not.toHaveProperty('closure');
  });

  it('changes only while it is as the client saw it, when the client says so', async () => {
    const id = await registered();
    const contact = (version: number) => ({
      url: `/v1/patrons/${id}/contact`,
      body: { email: null, givenName: 'Pepe' },
      headers: { 'if-match': `"v${version}"` },
    });
    await app.when(contact(2)).thenRefused(412, 'VERSION_MISMATCH');
    await app.when(contact(3)).then(200);
    await app.when({ url: `/v1/patrons/${id}` }).then(200, { givenName: 'Pepe', email: null, version: 4 });
    await app
      .when({ url: `/v1/patrons/${id}/cards`, body: { add: ['Z'] }, headers: { 'if-match': '"v3"' } })
      .thenRefused(412, 'VERSION_MISMATCH');
  });

  it('loses one of two names, but not both', async () => {
    const id = await registered(bob);
    const contact = (body: object) => ({ url: `/v1/patrons/${id}/contact`, body });
    await app.when(contact({ givenName: null, familyName: '\u200b' })).thenRefused(422, 'NAME_REQUIRED');
    await app.when(contact({ givenName: '' })).then(200);
    await app.when({ url: `/v1/patrons/${id}` }).then(200, { givenName: null, familyName: 'Иванов' });
    await app.when(contact({ familyName: null })).thenRefused(422, 'NAME_REQUIRED');
  });

  it('gets and gives up cards', async () => {
    const [id, other] = [await registered(), await registered(bob)];
    await app.when({ url: `/v1/patrons/${id}/cards`, body: { add: ['b1'] } }).thenRefused(409, 'CARD_TAKEN');
    await app
      .when({ url: `/v1/patrons/${id}/cards`, body: { remove: ['b1'] } })
      .thenRefused(409, 'CARD_NOT_HELD');
    await app.when({ url: `/v1/patrons/${id}/cards`, body: { add: ['n 1'], remove: ['B2'] } }).then(200);
    await app.when({ url: `/v1/patrons/${id}` }).then(200, { cards: ['001234', 'N1'] });
    await app.when({ url: `/v1/patrons/${other}/cards`, body: { add: ['B2'] } }).then(200);
    await app.when({ url: '/v1/patrons?card=b-2' }).then(200, { items: [{ id: other }], nextCursor: null });
  });

  it.each<[string, object, number, string]>([
    ['a card of somebody else among them', { add: ['N1', 'b1', 'N2'] }, 409, 'CARD_TAKEN'],
    ['a card to give up that they never had', { add: ['N1'], remove: ['N2'] }, 409, 'CARD_NOT_HELD'],
    ['too many', { add: Array.from({ length: 19 }, (_, n) => `N${n}`) }, 422, 'TOO_MANY_CARDS'],
  ])('gets no card, and nothing is recorded, with %s', async (_what, body, status, code) => {
    const [id] = [await registered(), await registered(bob)];
    const before = await app.recordedSoFar();
    await app.when({ url: `/v1/patrons/${id}/cards`, body }).thenRefused(status, code);
    expect(await app.recordedSoFar()).toBe(before);
  });

  it.each([
    ['close', { reason: 'bored', on: '2024-01-01' }],
    ['close', { reason: 'moved' }],
    ['reopen', {}],
    ['move', { homeBranch: 'SOUTH' }],
    ['contact', { givenName: 'a\u0007' }],
    ['cards', { add: [1] }],
  ])('is not told to %s by %j', async (command, body) => {
    const id = await registered();
    await app.when({ url: `/v1/patrons/${id}/${command}`, body }).thenRefused(422, 'INVALID');
  });
});

describe('looking for a patron', () => {
  it('finds by card at once, and by name, e-mail and telephone', async () => {
    const id = await registered();
    await app.when({ url: '/v1/patrons?card=0012%2034' }).then(200, { items: [{ id, givenName: 'José' }] });
    const last = await app.when(register(bob)).then(201);
    const after = `&after=${last.headers.get('readership-position')}`;
    await app.settled();
    for (const query of [
      'name=nandu',
      'name=JOSE+N',
      'name=ñandú+josé',
      'email=jose@example.ORG',
      'phone=431234',
    ]) {
      const { body } = await app.when({ url: `/v1/patrons?${query}${after}` }).then(200);
      expect([query, body.items.map((one: { id: string }) => one.id)]).toEqual([query, [id]]);
    }
    for (const name of ['ivan', 'иван', 'bob']) {
      await app
        .when({ url: `/v1/patrons?name=${encodeURIComponent(name)}` })
        .then(200, { items: [{ id: last.body.id }] });
    }
    await app.when({ url: '/v1/patrons?name=nobody' }).then(200, { items: [], nextCursor: null });
  });

  it('finds the closed, too, and goes page by page', async () => {
    const ids: string[] = [];
    for (const n of [1, 2, 3])
      ids.push(await registered({ ...bob, cards: [`K${n}`], familyName: `Kim ${n}` }));
    await app
      .when({ url: `/v1/patrons/${ids[0]}/close`, body: { reason: 'other', on: '2024-01-01' } })
      .then(200);
    await app.settled();
    const first = await app.when({ url: '/v1/patrons?name=kim&limit=2' }).then(200);
    expect(first.body.items).toMatchObject([{ id: ids[0], status: 'closed' }, { id: ids[1] }]);
    const rest = await app
      .when({ url: `/v1/patrons?name=kim&limit=2&cursor=${first.body.nextCursor}` })
      .then(200);
    expect(rest.body).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
  });

  it.each(['', '?name=', '?name=a&card=b', `?name=${'x'.repeat(401)}`])('is refused for %j', (query) =>
    app.when({ url: `/v1/patrons${query}` }).thenRefused(422, 'BAD_QUERY'),
  );
});

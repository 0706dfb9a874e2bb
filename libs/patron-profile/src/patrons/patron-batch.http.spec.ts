import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';

const patron = (n: number, change: object = {}) => ({
  cards: [`C${n}`],
  givenName: 'Reader',
  familyName: `No ${n}`,
  homeBranch: 'NORTH',
  ...change,
});
const batch = (lines: readonly (object | string)[]) => ({
  url: '/v1/patrons/batch',
  headers: { 'content-type': 'application/x-ndjson' },
  body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
});

let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters);
  await app
    .given({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } })
    .when({ url: '/v1/branches', body: { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' } })
    .then(201);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

describe('a batch of patrons', () => {
  it('takes one name, and null or a blank text for what is optional', async () => {
    const { body } = await app
      .when(
        batch([
          patron(1, { givenName: null, email: '', phone: ' ', category: null, language: '' }),
          patron(2, { familyName: '\u200b' }),
          patron(3, { givenName: '', familyName: null }),
          patron(1, { givenName: '\u202e', email: null }),
        ]),
      )
      .then(200);
    expect(body).toMatchObject([
      { outcome: 'recorded' },
      { outcome: 'recorded' },
      { outcome: 'refused', code: 'NAME_REQUIRED', pointer: '/familyName' },
      { outcome: 'already-recorded', id: body[0].id },
    ]);
  });

  it('answers every line that is not empty, in order', async () => {
    const { body, headers } = await app
      .when(
        batch([
          patron(1),
          '',
          '{"cards":',
          patron(2, { homeBranch: 'NONE' }),
          patron(3, { surname: 'x' }),
          patron(1),
          patron(1, { familyName: 'Other' }),
          patron(4, { cards: ['c-1', 'C4'] }),
          patron(5, { cards: ['C5', 'C4'] }),
          patron(6, { enrolledOn: '2999-01-01' }),
          '[]',
        ]),
      )
      .then(200);
    expect(headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    expect(headers.get('readership-position')).toBeTruthy();
    expect(body).toMatchObject([
      { line: 1, outcome: 'recorded' },
      { line: 3, outcome: 'refused', code: 'MALFORMED_JSON' },
      { line: 4, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
      { line: 5, outcome: 'refused', code: 'INVALID' },
      { line: 6, outcome: 'already-recorded', id: body[0].id },
      { line: 7, outcome: 'refused', code: 'CARD_TAKEN', pointer: '/cards/0' },
      { line: 8, outcome: 'refused', code: 'CARD_TAKEN' },
      { line: 9, outcome: 'recorded' },
      { line: 10, outcome: 'refused', code: 'FUTURE_DATE', pointer: '/enrolledOn' },
      { line: 11, outcome: 'refused', code: 'INVALID' },
    ]);
  });

  it('records nothing of a line whose cards are taken, before it or by a line above', async () => {
    await app.when({ url: '/v1/patrons', body: patron(1) }).then(201);
    const before = await app.recordedSoFar();
    const lines = [
      patron(2),
      patron(3, { cards: ['F1', 'C1'] }),
      patron(4, { cards: ['F2', 'C2'] }),
      patron(5, { cards: ['F2', 'F3'] }),
    ];
    const { body } = await app.when(batch(lines)).then(200);
    expect(body).toMatchObject([
      { outcome: 'recorded' },
      { outcome: 'refused', code: 'CARD_TAKEN', pointer: '/cards/1' },
      { outcome: 'refused', code: 'CARD_TAKEN', pointer: '/cards/1' },
      { outcome: 'recorded' },
    ]);
    // Claim, registration, added card and link of one card; two of each for two cards, and one registration.
    expect(await app.recordedSoFar()).toBe(before + 4 + 7);
  });

  it('records nothing when it is sent again', async () => {
    const many = batch(Array.from({ length: 1_200 }, (_, n) => patron(n)));
    const first = await app.when(many).then(200);
    expect(first.body.map(({ outcome }: { outcome: string }) => outcome)).toEqual(
      new Array(1_200).fill('recorded'),
    );
    const again = await app.when(many).then(200);
    expect(again.body).toEqual(
      first.body.map(({ line, id }: { line: number; id: string }) => ({
        line,
        outcome: 'already-recorded',
        id,
      })),
    );
  });

  it('has the same patrons as one by one', async () => {
    const one = await app.when({ url: '/v1/patrons', body: patron(1) }).then(201);
    const { body } = await app.when(batch([patron(1), patron(2)])).then(200);
    expect(body[0]).toEqual({ line: 1, outcome: 'already-recorded', id: one.body.id });
    await app.when({ url: `/v1/patrons/${body[1].id}` }).then(200, { cards: ['C2'], familyName: 'No 2' });
  });

  it('is refused as a whole over 10,000 lines, and nothing is recorded', async () => {
    const lines = new Array<string>(10_001).fill(JSON.stringify(patron(1)));
    await app.when(batch(lines)).thenRefused(413, 'TOO_MANY_LINES');
    await app.when({ url: '/v1/patrons?card=C1' }).then(200, { items: [] });
  });

  it('is refused as a whole when it is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from(`${JSON.stringify(patron(1))}\n`), Buffer.from([0xff, 0xfe])]);
    await app.when({ ...batch([]), body }).thenRefused(400, 'NOT_UTF8');
    await app.when({ url: '/v1/patrons?card=C1' }).then(200, { items: [] });
  });

  it('registers at the branches of the credential, and refuses the other lines alone', async () => {
    await app.when({ url: '/v1/libraries', body: { id: 'TOWN', name: 'Town' } }).then(201);
    for (const [id, library] of [
      ['SOUTH', 'CITY'],
      ['EAST', 'TOWN'],
    ]) {
      await app.when({ url: '/v1/branches', body: { id, name: id, library, timeZone: 'UTC' } }).then(201);
    }
    const lines = (n: number) =>
      batch([
        patron(n),
        patron(n + 1, { homeBranch: 'SOUTH' }),
        patron(n + 2, { homeBranch: 'EAST' }),
        patron(n + 3, { homeBranch: 'NONE' }),
        patron(n + 4, { homeBranch: 'EAST', surname: 'x' }),
      ]);
    const codesOf = async (n: number, key: string) => {
      const { body } = await app.when({ ...lines(n), key }).then(200);
      return body.map(({ outcome, code }: { outcome: string; code?: string }) => code ?? outcome);
    };
    const [ok, beyond, ends] = ['recorded', 'OUT_OF_SCOPE', ['UNKNOWN_BRANCH', 'INVALID']];

    const branch = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['branch:NORTH'] }]);
    expect(await codesOf(10, branch)).toEqual([ok, beyond, beyond, ...ends]);
    const library = await issuedKey(app, adapters, [{ role: 'branch-manager', scopes: ['library:CITY'] }]);
    expect(await codesOf(20, library)).toEqual([ok, ok, beyond, ...ends]);
    const vendor = { role: 'integrator', scopes: ['consortium'], only: ['patrons.import'] } as const;
    expect(await codesOf(30, await issuedKey(app, adapters, [vendor]))).toEqual([ok, ok, ok, ...ends]);
    await app.when({ url: '/v1/patrons?card=C22' }).then(200, { items: [] });

    const headers = { 'if-match': '*' };
    await app
      .when({ method: 'PATCH', url: '/v1/branches/SOUTH', body: { library: 'TOWN' }, headers })
      .then(200);
    const before = await app.recordedSoFar();
    const late = { ...batch([patron(41, { homeBranch: 'SOUTH' })]), key: library };
    await app.when(late).then(200, [{ outcome: 'refused', code: 'OUT_OF_SCOPE' }]);
    expect(await app.recordedSoFar()).toBe(before);
  });

  it('is refused as JSON', async () => {
    await app.when({ url: '/v1/patrons/batch', body: [patron(1)] }).then(415);
  });
});

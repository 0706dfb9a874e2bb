import fc from 'fast-check';
import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import { InteractionLogModule } from '@readership/interaction-log';
import type { Adapters } from '@readership/kernel';
import { PatronProfileModule } from '@readership/patron-profile';

let adapters: Adapters;
let app: TestApp;

beforeAll(async () => {
  adapters = memoryAdapters();
  app = await startApp((on) => [PatronProfileModule.on(on), InteractionLogModule.on(on)], adapters);
  await app
    .given({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } })
    .when({ url: '/v1/branches', body: { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' } })
    .then(201);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

interface Outcome {
  readonly outcome: 'recorded' | 'already-recorded' | 'refused';
  readonly id?: string;
  readonly code?: string;
}

async function send(url: string, lines: readonly object[]): Promise<readonly Outcome[]> {
  const body = lines.map((line) => JSON.stringify(line)).join('\n');
  const answer = await app.when({ url, body, headers: { 'content-type': 'application/x-ndjson' } }).then(200);
  await app.settled();
  return answer.body;
}

/** Registers a reader for each card number that is valid. */
const register = (cards: readonly string[]) =>
  send(
    '/v1/patrons/batch',
    cards.map((card, n) => ({
      ...{ cards: [card], givenName: 'Reader', familyName: `No ${n}`, homeBranch: 'NORTH' },
    })),
  );

let loans = 0;
const lend = (cards: readonly string[]) =>
  send(
    '/v1/interactions/batch',
    cards.map((card) => ({
      ...{ specversion: '1.0', type: 'org.readership.interaction.v1', source: 'desk', id: `loan-${loans++}` },
      ...{ time: '2024-03-05T10:00:00Z', data: { kind: 'loan', branch: 'NORTH', card } },
    })),
  );

const readerOf = async (loan: string | undefined): Promise<string | undefined> =>
  (await app.when({ url: `/v1/interactions/${loan}` }).then(200)).body.patronId;
const holderOf = async (card: string): Promise<string | undefined> =>
  (await app.when({ url: `/v1/patrons?card=${encodeURIComponent(card)}` }).then(200)).body.items[0]?.id;

/** What one context takes for the same card, the other must take for the same card. */
describe('a card number means the same to the desk and to the lending system', () => {
  it.each([
    ['lower case', 'ab12', 'AB12'],
    ['spaces and hyphens', ' 29-300 41\t', '2930041'],
    ['other hyphens and spaces', '77\u20101\u20112\u00a03\u20094', '771234'],
    ['full-width letters and digits', 'ＺＱ９\u3000８', 'zq98'],
    ['ligatures, fractions and circled digits', 'ﬃ\u2460\u00bd', 'FFI11\u20442'],
    ['letters put together and taken apart', 'e\u0301x', '\u00c9X'],
    ['a letter that is two in upper case', 'straße', 'STRASSE'],
    ['letters that spaces kept apart', 'o \u03088', '\u00d68'],
    ['long white space', `${' '.repeat(192)}${'7'.repeat(64)}`, '7'.repeat(64)],
  ])('with %s', async (_what, registered, sent) => {
    const [reader] = await register([registered]);
    expect(reader).toMatchObject({ outcome: 'recorded' });
    for (const card of [registered, sent]) {
      expect(await readerOf((await lend([card]))[0]!.id)).toBe(reader!.id);
      expect(await holderOf(card)).toBe(reader!.id);
    }
  });

  it('whose leading zeros count', async () => {
    const [one, other] = await register(['0042', '42']);
    const [zeros, none] = await lend(['00-42', '4 2']);
    expect([await readerOf(zeros!.id), await readerOf(none!.id)]).toEqual([one!.id, other!.id]);
    expect(one!.id).not.toBe(other!.id);
  });

  it.each([' ', ' - ', 'a\u0007', '9'.repeat(65), '\u200b', '\u3164', '\u00bd'.repeat(22), 'a\u2028b\u0085'])(
    'or is none to both: %j',
    async (card) => {
      const refused = [{ outcome: 'refused', code: 'BAD_CARD' }];
      expect(await register([card])).toMatchObject(refused);
      expect(await lend([card])).toMatchObject(refused);
    },
  );

  it('and is nobody’s when it is empty', async () => {
    const [{ id }] = (await lend([''])) as [Outcome];
    expect(await readerOf(id)).toBeUndefined();
    expect(await register([''])).toMatchObject([{ outcome: 'refused', code: 'BAD_CARD' }]);
  });

  it('whatever it is made of', async () => {
    const signs = [
      ...'09azAZ -\t',
      ...'\u2010\u2011\u2013\u00ad\u00a0\u3000\u200b\ufeff',
      ...'ＡｚªﬁßıİΣςǆΐǰ',
      '①',
      '\u0301',
      '\u0007',
    ];
    const numbers = fc.sample(fc.string({ unit: fc.constantFrom(...signs), minLength: 1, maxLength: 6 }), {
      ...{ numRuns: 400, seed: 7 },
    });
    const isNone = ({ code }: Outcome) => code === 'BAD_CARD';
    const registered = await register(numbers);
    const lent = await lend(numbers);
    expect(lent.map(isNone)).toEqual(registered.map(isNone));
    expect(registered.filter(isNone).length).toBeGreaterThan(20);
    for (const [at, { outcome, id }] of lent.entries()) {
      if (outcome === 'refused') continue;
      const [reader, holder] = [await readerOf(id), await holderOf(numbers[at]!)];
      expect([numbers[at], holder !== undefined, reader]).toEqual([numbers[at], true, holder]);
    }
  });
});

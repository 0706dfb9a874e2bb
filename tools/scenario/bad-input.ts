import assert from 'node:assert/strict';
import {
  dayFromNow,
  interaction,
  type Heard,
  type Place,
  type Readership,
  type Request,
} from './readership.js';
import type { Theme } from './theme.js';

type Refused = readonly [what: string, request: Request, status: number, code: string];

/** Requests that are refused, and their codes. */
function refusedRequests(place: Place): readonly Refused[] {
  const { suffix } = place;
  const branch = place.branch('NORTH');
  const json = { 'content-type': 'application/json' };
  const event = { ...interaction(`bad-${suffix}`, '2024-05-01', { branch }) };
  const text = (over: object) => JSON.stringify({ ...event, ...over });
  const sent = (body: string | Uint8Array): Request => ({ path: '/v1/interactions', body, headers: json });
  const patron = (over: object): Request => ({
    path: '/v1/patrons',
    body: { cards: [`B7${suffix}`], givenName: 'Ben', familyName: 'Okri', homeBranch: branch, ...over },
  });
  const response = (over: object): Request => ({
    path: `/v1/surveys/bad-${suffix}/responses`,
    body: { id: 's', answeredAt: '2024-06-03T09:00:00Z', answers: { recommend: 9 }, ...over },
  });
  const cost = (over: object): Request => ({
    path: '/v1/costs',
    body: { branch, month: '2024-05', category: 'staff', amount: { minor: 1, currency: 'EUR' }, ...over },
  });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  return [
    ['malformed JSON', sent('{"specversion":'), 400, 'MALFORMED_JSON'],
    ['malformed UTF-8', sent(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400, 'NOT_UTF8'],
    ['100,000 nested arrays', sent(deep), 400, 'TOO_DEEP'],
    ['__proto__', sent(text({}).replace('{', '{"__proto__":{"kind":"loan"},')), 400, 'FORBIDDEN_KEY'],
    ['NUL', sent(text({ source: 'a\u0000b' })), 400, 'BAD_STRING'],
    ['a lone surrogate', sent(text({ source: 'a\ud83d' })), 400, 'BAD_STRING'],
    ['an unknown field', sent(text({ data: { kind: 'loan', branch, colour: 1 } })), 422, 'UNKNOWN_FIELD'],
    ['an unknown branch', sent(text({ data: { kind: 'loan', branch: 'NOWHERE' } })), 422, 'UNKNOWN_BRANCH'],
    ['a time two days ahead', sent(text({ time: `${dayFromNow(2)}T12:00:01Z` })), 422, 'TIME_IN_FUTURE'],
    ['the year 0001', sent(text({ time: '0001-01-01T00:00:00Z' })), 422, 'TIME_TOO_EARLY'],
    ['the year 9999', sent(text({ time: '9999-12-31T23:59:59Z' })), 422, 'TIME_OUT_OF_RANGE'],
    ['a patron of wrong types', patron({ cards: 7, givenName: ['x'] }), 422, 'INVALID'],
    ['a patron with an unknown field', patron({ shoeSize: 43 }), 422, 'INVALID'],
    ['a patron of an unknown branch', patron({ homeBranch: 'NOWHERE' }), 422, 'UNKNOWN_BRANCH'],
    ['a patron of tomorrow’s tomorrow', patron({ enrolledOn: dayFromNow(3) }), 422, 'FUTURE_DATE'],
    [
      'a branch that is already another',
      {
        path: '/v1/branches',
        body: { id: branch, name: 'Other', library: place.library, timeZone: 'UTC' },
      },
      409,
      'BRANCH_EXISTS',
    ],
    ['an answer out of range', response({ answers: { recommend: 11 } }), 422, 'SCORE_OUT_OF_RANGE'],
    ['an answer to no question', response({ answers: { other: 1 } }), 422, 'UNKNOWN_QUESTION'],
    [
      'a testimonial of tomorrow’s tomorrow',
      { path: '/v1/testimonials', body: { id: 't', receivedOn: dayFromNow(3), text: 'x' } },
      422,
      'DATE_IN_FUTURE',
    ],
    ['a cost of an unknown branch', cost({ branch: 'NOWHERE' }), 422, 'UNKNOWN_BRANCH'],
    ['a cost that is no integer', cost({ amount: { minor: 1.5, currency: 'EUR' } }), 422, 'INVALID'],
    ['a cost of a month to come', cost({ month: '9999-01' }), 422, 'MONTH_AHEAD'],
    [
      'another media type',
      { path: '/v1/interactions', body: 'a,b', headers: { 'content-type': 'text/csv' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['no key', { path: '/v1/patrons?name=ada', withKey: false }, 401, 'UNAUTHENTICATED'],
    ['an unknown metric', { path: '/v1/metrics/happiness' }, 404, 'UNKNOWN_METRIC'],
    ['a metric named like a method', { path: '/v1/metrics/constructor' }, 404, 'UNKNOWN_METRIC'],
    ['from after to', { path: '/v1/metrics/loans?from=2024-05&to=2024-04' }, 422, 'FROM_AFTER_TO'],
    ['a month that is none', { path: '/v1/metrics/loans?from=2024-13&to=2024-14' }, 422, 'BAD_MONTH'],
    ['an unknown scope', { path: '/v1/metrics/loans?scope=branch:NOWHERE' }, 404, 'UNKNOWN_SCOPE'],
    ['an unknown grain', { path: '/v1/metrics/loans?grain=week' }, 422, 'BAD_PARAMETER'],
    ['241 points', { path: '/v1/metrics/loans?from=2000-01&to=2020-01' }, 400, 'TOO_MANY_POINTS'],
    ['a position that is none', { path: '/v1/metrics/loans?after=made-up' }, 422, 'BAD_POSITION'],
    [
      'a parameter given twice',
      { path: '/v1/metrics/loans?grain=month&grain=year' },
      400,
      'REPEATED_PARAMETER',
    ],
    ['an address that is not UTF-8', { path: '/v1/patrons/%ff' }, 400, 'BAD_REQUEST'],
    ['a context that is none', { path: '/v1/audit/log?context=elsewhere' }, 404, 'UNKNOWN_CONTEXT'],
    ['a route that is none', { path: '/v1/nothing' }, 404, 'NOT_FOUND'],
  ];
}

const batches = ['/v1/interactions/batch', '/v1/patrons/batch', '/v1/costs'];

export function badInput(): Theme {
  let place: Place;
  /** The number of events that all contexts have ever recorded. */
  const recorded = async (readership: Readership) =>
    (await readership.settled()).map(({ context, partitions }) => ({ context, partitions }));

  return {
    name: 'bad input',
    async begin(readership) {
      place = await readership.open('BAD', ['NORTH']);
      await readership.tell('/v1/surveys', {
        id: `bad-${place.suffix}`,
        title: 'A survey',
        language: 'en',
        questions: [{ id: 'recommend', type: 'nps', text: 'Would you recommend us?' }],
      });
    },
    cases: {
      'is refused by name, as a problem without a stack, and changes nothing': async (readership) => {
        const before = await recorded(readership);
        const wrong: string[] = [];
        for (const [what, request, status, code] of refusedRequests(place)) {
          try {
            await readership.refuses(request, status, code);
          } catch (error) {
            wrong.push(`${what}: ${(error as Error).message}`);
          }
        }
        assert.deepEqual(wrong, []);
        assert.deepEqual(await recorded(readership), before);
      },

      'of 10,001 lines is refused as a whole': async (readership) => {
        const before = await recorded(readership);
        const line = JSON.stringify(interaction('line', '2024-05-01', { branch: place.branch('NORTH') }));
        const headers = { 'content-type': 'application/x-ndjson' };
        for (const path of [...batches, `/v1/surveys/bad-${place.suffix}/responses`]) {
          const body = `${line}\n`.repeat(10_001);
          await readership.refuses({ path, body, headers }, 413, 'TOO_MANY_LINES');
        }
        assert.deepEqual(await recorded(readership), before);
      },

      'is refused by size before it is read': async (readership) => {
        const heard: Heard = await readership.send({
          path: '/v1/interactions',
          body: Buffer.alloc(11 * 1024 * 1024, 0x20),
          headers: { 'content-type': 'application/json' },
        });
        assert.deepEqual([heard.status, heard.body.status], [413, 413]);
      },
    },
  };
}

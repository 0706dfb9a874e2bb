import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import type { Place } from './readership.js';
import type { Theme } from './theme.js';

export function registration(): Theme {
  let place: Place;
  let ada = '';
  const patron = (cards: readonly string[], more: object = {}) => ({
    cards: cards.map((card) => `${card}-${place.suffix}`),
    givenName: 'Ada',
    familyName: `Lovelace ${place.suffix}`,
    homeBranch: place.branch('NORTH'),
    enrolledOn: '2024-01-10',
    ...more,
  });

  return {
    name: 'readers and their cards',
    async begin(readership) {
      place = await readership.open('REG', ['NORTH', 'SOUTH']);
    },
    cases: {
      'a reader counts from the month of enrolment on': async (readership) => {
        const { body, after, headers, status } = await readership.tell('/v1/patrons', patron(['A-1']));
        ada = body.id as string;
        assert.deepEqual([status, headers.get('location')], [201, `/v1/patrons/${ada}`]);
        const of = { scope: place.scope, from: '2023-12', to: '2024-02' };
        assert.deepEqual(await readership.figures('new-readers', { ...of, after }), [0, 1, 0]);
        assert.deepEqual(await readership.figures('current-readers', of), [0, 1, 1]);
        assert.deepEqual(await readership.figures('active-readers', of), [0, 0, 0]);
      },

      'the same registration again is the same reader': async (readership) => {
        const again = await readership.tell('/v1/patrons', patron(['a 1']));
        assert.deepEqual([again.status, again.body.id], [200, ada]);
      },

      'a card of somebody else is refused, and its companions stay free': async (readership) => {
        const ben = (...cards: string[]) => patron(cards, { givenName: 'Ben' });
        await readership.refuses({ path: '/v1/patrons', body: ben('B-8', 'A-1') }, 409, 'CARD_TAKEN');
        const { body } = await readership.tell('/v1/patrons', ben('B-8'));
        assert.notEqual(body.id, ada);
      },

      'of many that ask for one card at the same time one gets it': async (readership) => {
        const heard = await Promise.all(
          Array.from({ length: 8 }, (_, n) =>
            readership.send({ path: '/v1/patrons', body: patron(['RACE'], { givenName: `Reader ${n}` }) }),
          ),
        );
        assert.deepEqual(
          heard.map(({ status }) => status).sort(),
          [201, ...new Array<number>(7).fill(409)],
          heard.map(({ text }) => text).join('\n'),
        );
      },

      'a batch has an outcome for every line, and none the second time': async (readership) => {
        const lines = [patron(['C-1'], { givenName: 'Cleo' }), patron(['C-2'], { homeBranch: 'NOWHERE' })];
        const first = await readership.tellLines('/v1/patrons/batch', [...lines, lines[0]!]);
        hasPart(first, [
          { line: 1, outcome: 'recorded' },
          { line: 2, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
          { line: 3, outcome: 'already-recorded', id: first[0].id },
        ]);
        const again = await readership.tellLines('/v1/patrons/batch', [lines[0]!]);
        hasPart(again, [{ line: 1, outcome: 'already-recorded', id: first[0].id }]);
      },

      'a reader is found by card at once, and by name once that is applied': async (readership) => {
        const card = encodeURIComponent(`a 1 ${place.suffix.toLowerCase()}`);
        hasPart((await readership.ask(`/v1/patrons?card=${card}`)).items, [{ id: ada, givenName: 'Ada' }]);
        const { after } = await readership.tell(`/v1/patrons/${ada}/contact`, { familyName: 'King' });
        if (after === '') await readership.settled();
        const query = new URLSearchParams({ name: 'ada king', ...(after === '' ? {} : { after }) });
        const { items } = await readership.ask(`/v1/patrons?${query}`);
        assert.ok(items.some(({ id }: { id: string }) => id === ada));
      },

      'a change is refused to who has not seen the latest one': async (readership) => {
        const { headers } = await readership.send({ path: `/v1/patrons/${ada}` });
        const contact = (version: string) => ({
          path: `/v1/patrons/${ada}/contact`,
          body: { email: `ada@${place.suffix.toLowerCase()}.example` },
          headers: { 'if-match': version },
        });
        await readership.refuses(contact('"v1"'), 412, 'VERSION_MISMATCH');
        assert.equal((await readership.send(contact(headers.get('etag')!))).status, 200);
      },

      'a card that was given up is free for somebody else': async (readership) => {
        const card = `D-4-${place.suffix}`;
        await readership.tell(`/v1/patrons/${ada}/cards`, { add: [card] });
        await readership.refuses(
          { path: '/v1/patrons', body: patron(['D-4'], { givenName: 'Dora' }) },
          409,
          'CARD_TAKEN',
        );
        await readership.tell(`/v1/patrons/${ada}/cards`, { remove: [card] });
        const { body } = await readership.tell('/v1/patrons', patron(['D-4'], { givenName: 'Dora' }));
        hasPart((await readership.ask(`/v1/patrons?card=${card}`)).items, [{ id: body.id }]);
      },
    },
  };
}

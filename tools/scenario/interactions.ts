import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import { interaction, type Place, type Readership } from './readership.js';
import type { Theme } from './theme.js';

export function interactions(): Theme {
  let place: Place;
  const of = (from: string, to = from, after?: string) => ({
    scope: place.scope,
    from,
    to,
    ...(after === undefined ? {} : { after }),
  });
  const loan = (id: string, day: string, data: object = {}) =>
    interaction(`${id}-${place.suffix}`, day, { branch: place.branch('NORTH'), ...data });
  const batch = (readership: Readership, events: readonly object[]) =>
    readership.tellLines('/v1/interactions/batch', events);

  return {
    name: 'interactions',
    async begin(readership) {
      place = await readership.open('USE', ['NORTH', 'SOUTH']);
      await readership.tell('/v1/patrons', {
        cards: [`A-1-${place.suffix}`],
        givenName: 'Ada',
        familyName: 'Lovelace',
        homeBranch: place.branch('NORTH'),
        enrolledOn: '2024-01-10',
      });
    },
    cases: {
      'count at once in the volumes, and their reader as active': async (readership) => {
        const { after } = await readership.tell(
          '/v1/interactions',
          loan('l1', '2024-02-03', { card: `a1${place.suffix}` }),
        );
        assert.deepEqual(
          await readership.figures('loans', of('2024-01', '2024-03', after || undefined)),
          [0, 1, 0],
        );
        await readership.settled();
        assert.deepEqual(await readership.figures('active-readers', of('2024-01', '2024-03')), [0, 1, 1]);
      },

      'sent again record nothing': async (readership) => {
        const event = loan('l1', '2024-02-03', { card: `A 1 ${place.suffix}` });
        const again = await readership.tell('/v1/interactions', event);
        assert.deepEqual([again.status, again.body.outcome], [200, 'already-recorded']);
        assert.deepEqual(await readership.figures('loans', of('2024-02', '2024-02', again.after)), [1]);
      },

      'are refused when their id stands for another fact': async (readership) => {
        const other = loan('l1', '2024-02-04', { card: `A1${place.suffix}` });
        await readership.refuses({ path: '/v1/interactions', body: other }, 409, 'ID_REUSED');
      },

      'are there for whoever asks after the position of the write': async (readership) => {
        for (let n = 1; n <= 10; n++) {
          const sent = await readership.tell('/v1/interactions', loan(`own-${n}`, '2024-03-05'));
          assert.deepEqual(await readership.figures('loans', of('2024-03', '2024-03', sent.after)), [n]);
        }
      },

      'come in batches, with an outcome for every line': async (readership) => {
        const visit = loan('b1', '2024-04-02', { kind: 'visit', quantity: 40 });
        const outcomes = await batch(readership, [
          visit,
          loan('b2', '2024-04-03', { kind: 'visit', branch: place.branch('SOUTH'), quantity: 2_000 }),
          visit,
          { ...visit, time: '2024-04-09T10:00:00Z' },
          loan('b3', '2024-04-02', { kind: 'visit', branch: 'NOWHERE' }),
          loan('b4', '2024-04-02', { kind: 'nap' }),
        ]);
        hasPart(outcomes, [
          { line: 1, outcome: 'recorded' },
          { line: 2, outcome: 'recorded' },
          { line: 3, outcome: 'already-recorded', id: outcomes[0].id },
          { line: 4, outcome: 'refused', code: 'ID_REUSED' },
          { line: 5, outcome: 'refused', code: 'UNKNOWN_BRANCH' },
          { line: 6, outcome: 'refused', code: 'UNKNOWN_KIND' },
        ]);
        await readership.settled();
        hasPart((await readership.metric('visits', of('2024-04'))).points, [{ value: 2_040, n: 2 }]);
        const south = { ...of('2024-04'), scope: `branch:${place.branch('SOUTH')}` };
        assert.deepEqual(await readership.figures('visits', south), [2_000]);
      },

      'of hundreds are recorded once, however often they are sent and by how many at a time': async (
        readership,
      ) => {
        const events = Array.from({ length: 300 }, (_, n) =>
          loan(`many-${n}`, '2024-05-06', { kind: 'hold', card: `A1${place.suffix}` }),
        );
        const heard = await Promise.all([0, 1, 2].map(() => batch(readership, events)));
        for (const n of events.keys()) {
          const outcomes = heard.map((lines) => lines[n].outcome as string).sort();
          assert.deepEqual(outcomes, ['already-recorded', 'already-recorded', 'recorded']);
        }
        await readership.settled();
        assert.deepEqual(await readership.figures('holds', of('2024-05')), [300]);
        hasPart((await readership.metric('frequency', of('2024-05'))).points, [{ value: 300, n: 1 }]);
      },

      'may be anonymous': async (readership) => {
        const { body } = await readership.tell('/v1/interactions', loan('anon', '2024-06-03'));
        const read = await readership.ask(`/v1/interactions/${body.id}`);
        hasPart(read, { status: 'recorded', kind: 'loan' });
        assert.ok(!('patronId' in read));
      },
    },
  };
}

import assert from 'node:assert/strict';
import { interaction, type Place } from './readership.js';
import type { Theme } from './theme.js';

export function lateCards(): Theme {
  let place: Place;
  let cleo = '';
  const loan = (id: string, day: string, card: string) =>
    interaction(`${id}-${place.suffix}`, day, {
      branch: place.branch('NORTH'),
      card: `${card}${place.suffix}`,
    });
  const patron = (card: string, more: object) => ({
    cards: [`${card}-${place.suffix}`],
    givenName: 'Cleo',
    familyName: 'Nunes',
    homeBranch: place.branch('SOUTH'),
    ...more,
  });

  return {
    name: 'a card that comes before its reader',
    async begin(readership) {
      place = await readership.open('LATE', ['NORTH', 'SOUTH']);
    },
    cases: {
      'counts in the volumes only': async (readership) => {
        const { body, after } = await readership.tell('/v1/interactions', loan('l1', '2024-03-05', 'C9'));
        const march = { scope: place.scope, from: '2024-03', to: '2024-03' };
        assert.deepEqual(await readership.figures('loans', { ...march, after }), [1]);
        await readership.settled();
        assert.deepEqual(await readership.figures('active-readers', march), [0]);
        assert.ok(!('patronId' in (await readership.ask(`/v1/interactions/${body.id}`))));
      },

      'counts for its reader from the day of use on, once registered': async (readership) => {
        const { body } = await readership.tell('/v1/patrons', patron('C9', {}));
        cleo = body.id as string;
        await readership.settled();
        const spring = { scope: place.scope, from: '2024-02', to: '2024-04' };
        assert.deepEqual(await readership.figures('active-readers', spring), [0, 1, 1]);
        assert.deepEqual(await readership.figures('new-readers', spring), [0, 1, 0]);
        const south = { scope: `branch:${place.branch('SOUTH')}`, from: '2024-03', to: '2024-03' };
        assert.deepEqual(await readership.figures('new-readers', south), [1]);
        const north = { ...south, scope: `branch:${place.branch('NORTH')}` };
        assert.deepEqual(await readership.figures('loans', north), [1]);
      },

      'brings what lies further back with it, too': async (readership) => {
        const { body } = await readership.tell('/v1/interactions', loan('l0', '2024-01-15', 'C9'));
        await readership.settled();
        assert.equal((await readership.ask(`/v1/interactions/${body.id}`)).patronId, cleo);
        const spring = { scope: place.scope, from: '2024-01', to: '2024-03' };
        assert.deepEqual(await readership.figures('active-readers', spring), [1, 1, 1]);
        assert.deepEqual(await readership.figures('new-readers', spring), [1, 0, 0]);
      },

      'may have come with hundreds of interactions': async (readership) => {
        const events = Array.from({ length: 150 }, (_, n) => loan(`many-${n}`, '2024-06-11', 'M7'));
        await readership.tellLines('/v1/interactions/batch', events);
        await readership.tell('/v1/patrons', patron('M7', { givenName: 'Mo', enrolledOn: '2024-05-02' }));
        await readership.settled();
        const june = { scope: place.scope, from: '2024-06', to: '2024-06' };
        assert.deepEqual(await readership.figures('loans', june), [150]);
        assert.deepEqual(await readership.figures('frequency', june), [150]);
        assert.deepEqual(await readership.figures('active-readers', june), [2]);
      },
    },
  };
}

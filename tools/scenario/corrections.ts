import assert from 'node:assert/strict';
import { interaction, type Place } from './readership.js';
import type { Theme } from './theme.js';

export function corrections(): Theme {
  let place: Place;
  let path = '';
  const april = (after?: string) => ({
    scope: place.scope,
    from: '2024-04',
    to: '2024-04',
    ...(after === undefined ? {} : { after }),
  });

  return {
    name: 'second thoughts about an interaction',
    async begin(readership) {
      place = await readership.open('FIX', ['NORTH', 'SOUTH']);
      await readership.tell('/v1/patrons', {
        cards: [`A-1-${place.suffix}`],
        givenName: 'Ada',
        familyName: 'Lovelace',
        homeBranch: place.branch('NORTH'),
        enrolledOn: '2022-01-10',
      });
    },
    cases: {
      'a correction restates the month': async (readership) => {
        const sent = await readership.tell(
          '/v1/interactions',
          interaction(`l3-${place.suffix}`, '2024-04-08', {
            branch: place.branch('NORTH'),
            card: `A1${place.suffix}`,
            quantity: 3,
          }),
        );
        path = `/v1/interactions/${sent.body.id}`;
        assert.deepEqual(await readership.figures('loans', april(sent.after)), [3]);
        const { after } = await readership.tell(`${path}/correct`, {
          quantity: 2,
          kind: 'renewal',
          reason: 'miscounted',
        });
        assert.deepEqual(await readership.figures('loans', april(after)), [0]);
        assert.deepEqual(await readership.figures('renewals', april()), [2]);
      },

      'a correction may move it to another branch and month': async (readership) => {
        const change = { branch: place.branch('SOUTH'), time: '2024-05-02T09:00:00Z', reason: 'other desk' };
        const { after } = await readership.tell(`${path}/correct`, change);
        const months = { scope: `branch:${place.branch('SOUTH')}`, from: '2024-04', to: '2024-05' };
        assert.deepEqual(await readership.figures('renewals', { ...months, after }), [0, 2]);
        await readership.settled();
        const active = { ...months, scope: place.scope };
        assert.deepEqual(await readership.figures('active-readers', active), [0, 1]);
      },

      'whom it came with cannot be corrected': async (readership) => {
        const body = { card: `B2${place.suffix}`, reason: 'wrong card' };
        await readership.refuses({ path: `${path}/correct`, body }, 422, 'PERSON_IS_FIXED');
      },

      'a withdrawal takes it out of every figure': async (readership) => {
        const { after } = await readership.tell(`${path}/withdraw`, { reason: 'of another library' });
        const months = { scope: place.scope, from: '2024-04', to: '2024-05' };
        assert.deepEqual(await readership.figures('renewals', { ...months, after }), [0, 0]);
        await readership.settled();
        assert.deepEqual(await readership.figures('active-readers', months), [0, 0]);
        await readership.refuses(
          { path: `${path}/correct`, body: { quantity: 5, reason: 'late' } },
          409,
          'INTERACTION_WITHDRAWN',
        );
      },

      'a withdrawal that is taken back puts it into every figure again': async (readership) => {
        const { after } = await readership.tell(`${path}/restore`, { reason: 'it was right' });
        const months = { scope: place.scope, from: '2024-04', to: '2024-05' };
        assert.deepEqual(await readership.figures('renewals', { ...months, after }), [0, 2]);
        await readership.settled();
        assert.deepEqual(await readership.figures('active-readers', months), [0, 1]);
      },
    },
  };
}

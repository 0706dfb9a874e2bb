import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import { interaction, type Place } from './readership.js';
import type { Theme } from './theme.js';

export function costs(): Theme {
  let place: Place;
  const staff = (minor: number, more: object = {}) => ({
    branch: place.branch('NORTH'),
    month: '2024-05',
    category: 'staff',
    amount: { minor, currency: 'EUR' },
    ...more,
  });

  return {
    name: 'what was spent',
    async begin(readership) {
      place = await readership.open('COST', ['NORTH', 'SOUTH']);
      for (const [card, branch] of [
        ['A1', 'NORTH'],
        ['B1', 'SOUTH'],
      ] as const) {
        await readership.tell('/v1/patrons', {
          cards: [`${card}-${place.suffix}`],
          givenName: card,
          familyName: 'Reader',
          homeBranch: place.branch(branch),
          enrolledOn: '2024-01-10',
        });
        const visit = { branch: place.branch('NORTH'), kind: 'visit', card: `${card}${place.suffix}` };
        await readership.tell(
          '/v1/interactions',
          interaction(`${card}-${place.suffix}`, '2024-04-03', visit),
        );
      }
      await readership.settled();
    },
    cases: {
      'is divided by the readers who were active': async (readership) => {
        const { after } = await readership.tell('/v1/costs', staff(5_001));
        const spring = { scope: place.scope, from: '2024-04', to: '2024-05' };
        const answer = await readership.metric('cost-per-reader', { ...spring, after });
        hasPart(answer, { currency: 'EUR', points: [{ value: null }, { value: 2_500.5, n: 2 }] });
        const north = { ...spring, scope: `branch:${place.branch('NORTH')}` };
        assert.deepEqual(await readership.figures('cost-per-reader', north), [null, 5_001]);
      },

      'is replaced when it is stated again': async (readership) => {
        assert.equal((await readership.tell('/v1/costs', staff(5_001))).status, 200);
        const { after, status } = await readership.tell('/v1/costs', staff(3_000));
        assert.equal(status, 201);
        const may = { scope: place.scope, from: '2024-05', to: '2024-05', after };
        assert.deepEqual(await readership.figures('cost-per-reader', may), [1_500]);
      },

      'is stated by the line, too, and per visit': async (readership) => {
        const lines = [
          staff(700, { month: '2024-04', category: 'building' }),
          staff(300, { month: '2024-04', category: 'books' }),
          staff(1, { month: '2024-13' }),
        ];
        hasPart(await readership.tellLines('/v1/costs', lines), [
          { outcome: 'recorded' },
          { outcome: 'recorded' },
          { outcome: 'refused', code: 'INVALID' },
        ]);
        await readership.settled();
        const april = { scope: place.scope, from: '2024-04', to: '2024-04' };
        hasPart((await readership.metric('cost-per-visit', april)).points, [
          { value: 500, numerator: 1_000, denominator: 2 },
        ]);
      },

      'is one cost in all spellings of its category': async (readership) => {
        const rent = staff(400, { month: '2024-03', category: 'Rent & heating' });
        const { body } = await readership.tell('/v1/costs', rent);
        const { body: again, after } = await readership.tell('/v1/costs', {
          ...rent,
          category: 'RENT  & Heating',
          amount: { minor: 500, currency: 'EUR' },
        });
        assert.equal(again.id, body.id);
        if (after === '') await readership.settled();
        const march = { scope: place.scope, from: '2024-03', to: '2024-03' };
        hasPart(
          (await readership.metric('cost-per-visit', { ...march, ...(after === '' ? {} : { after }) }))
            .points,
          [{ numerator: 500, covered: { with: 1, of: 2 }, complete: false }],
        );
      },

      'of another currency than the consortium’s is refused': async (readership) => {
        const body = staff(1, { amount: { minor: 1, currency: 'CHF' } });
        await readership.refuses({ path: '/v1/costs', body }, 422, 'OTHER_CURRENCY');
      },
    },
  };
}

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { interaction, type Place, type Readership } from './readership.js';
import type { Theme } from './theme.js';

const rebuiltWithinMs = 60_000;

export const consortium = {
  name: 'Riverbend',
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  fiscalYearStartMonth: 1,
};

interface Policy {
  readonly version: number;
  readonly windowMonths: number;
  readonly timeZone: string;
}

/** Resolves to the policy that the figures are counted by, once `isIt` accepts it. */
export async function policyOnce(readership: Readership, isIt: (policy: Policy) => boolean): Promise<Policy> {
  const until = Date.now() + rebuiltWithinMs;
  for (;;) {
    const { policy } = (await readership.ask('/v1/metrics/visits')) as { policy: Policy };
    if (isIt(policy)) return policy;
    if (Date.now() > until) assert.fail(`still counted by version ${policy.version}`);
    await pause(100);
  }
}

export function policy(): Theme {
  let place: Place;
  let kept: object;
  const active = (readership: Readership) =>
    readership.figures('active-readers', { scope: place.scope, from: '2024-01', to: '2024-12' });
  const yearLong = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
  const halfYear = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0];

  return {
    name: 'a change of policy',
    async begin(readership) {
      place = await readership.open('POL', ['NORTH']);
      await readership.tell('/v1/patrons', {
        cards: [`A-1-${place.suffix}`],
        givenName: 'Ada',
        familyName: 'Lovelace',
        homeBranch: place.branch('NORTH'),
        enrolledOn: '2024-01-02',
      });
      const visit = { kind: 'visit', branch: place.branch('NORTH'), card: `A1${place.suffix}` };
      await readership.tell('/v1/interactions', interaction(`v-${place.suffix}`, '2024-01-09', visit));
      await readership.settled();
    },
    cases: {
      'builds beside and switches': async (readership) => {
        kept = (await readership.ask('/v1/consortium')).activityPolicy as object;
        assert.deepEqual(await active(readership), yearLong);
        const before = await policyOnce(readership, ({ windowMonths }) => windowMonths === 12);
        const activityPolicy = { ...kept, windowMonths: 6 };
        await readership.tell('/v1/consortium', { ...consortium, activityPolicy }, 'PUT');
        const after = await policyOnce(readership, ({ windowMonths }) => windowMonths === 6);
        assert.ok(after.version > before.version);
        await readership.settled();
        assert.deepEqual(await active(readership), halfYear);
      },

      'goes on counting what comes in meanwhile': async (readership) => {
        const visit = { kind: 'visit', branch: place.branch('NORTH'), card: `A1${place.suffix}` };
        await readership.tell('/v1/consortium', { ...consortium, activityPolicy: kept }, 'PUT');
        const { after } = await readership.tell(
          '/v1/interactions',
          interaction(`w-${place.suffix}`, '2024-03-12', visit),
        );
        const march = { scope: place.scope, from: '2024-03', to: '2024-03' };
        assert.deepEqual(await readership.figures('visits', { ...march, after }), [1]);
        await policyOnce(readership, ({ windowMonths }) => windowMonths === 12);
        await readership.settled();
        assert.deepEqual(await readership.figures('visits', march), [1]);
      },

      'taken back gives the figures of before': async (readership) => {
        assert.deepEqual(await active(readership), yearLong);
      },
    },
  };
}

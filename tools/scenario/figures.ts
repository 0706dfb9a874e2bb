import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import { interaction, type Place, type Readership } from './readership.js';
import type { Theme } from './theme.js';

type Values = readonly number[];

export function figures(): Theme {
  let place: Place;
  const months = { from: '2023-01', to: '2024-06' };
  const values = async (readership: Readership, name: string, scope: string): Promise<Values> =>
    (await readership.figures(name, { scope, ...months })) as Values;

  return {
    name: 'the figures',
    async begin(readership) {
      place = await readership.open('FIG', ['NORTH', 'SOUTH']);
      const lines = Array.from({ length: 6 }, (_, n) => ({
        cards: [`R${n}-${place.suffix}`],
        givenName: `Reader ${n}`,
        familyName: 'Of the figures',
        homeBranch: place.branch(n % 2 === 0 ? 'NORTH' : 'SOUTH'),
        enrolledOn: `2023-0${n + 1}-10`,
      }));
      const outcomes = await readership.tellLines('/v1/patrons/batch', lines);
      await readership.tellLines(
        '/v1/interactions/batch',
        Array.from({ length: 48 }, (_, n) => {
          const month = 7 + (n % 10);
          const day = `${month > 12 ? 2024 : 2023}-${String(((month - 1) % 12) + 1).padStart(2, '0')}-1${n % 10}`;
          return interaction(`f${n}-${place.suffix}`, day, {
            kind: n % 3 === 0 ? 'visit' : 'loan',
            branch: place.branch(n % 4 === 0 ? 'SOUTH' : 'NORTH'),
            card: `R${n % 6}${place.suffix}`,
            quantity: 1 + (n % 5),
          });
        }),
      );
      await readership.tell(`/v1/patrons/${outcomes[0].id}/move`, {
        homeBranch: place.branch('SOUTH'),
        since: '2023-09-04',
      });
      await readership.tell(`/v1/patrons/${outcomes[1].id}/close`, { reason: 'moved', on: '2023-11-20' });
      await readership.settled();
    },
    cases: {
      'travel with policy, scope, unit and position': async (readership) => {
        const answer = await readership.metric('new-readers', {
          scope: place.scope,
          from: '2023-01',
          to: '2023-02',
        });
        hasPart(answer, {
          metric: 'new-readers',
          unit: 'persons',
          scope: place.scope,
          grain: 'month',
          policy: { windowMonths: 12, digital: true, timeZone: 'Europe/Berlin' },
          points: [
            { period: '2023-01', value: 1, n: 1, complete: true },
            { period: '2023-02', value: 1, n: 1, complete: true },
          ],
        });
        assert.equal(typeof answer.asOf, 'string');
      },

      'of quarters and years sum flows and take stocks at their end': async (readership) => {
        const of = (name: string, grain: 'quarter' | 'year') =>
          readership.figures(name, { scope: place.scope, from: '2023-01', to: '2023-12', grain });
        assert.deepEqual(await of('new-readers', 'quarter'), [3, 3, 0, 0]);
        assert.deepEqual(await of('new-readers', 'year'), [6]);
        assert.deepEqual(await of('current-readers', 'year'), [5]);
        assert.deepEqual(await of('lost-readers', 'year'), [1]);
      },

      'of fiscal years begin with the month of the consortium': async (readership) => {
        const question = { scope: place.scope, from: '2023-07', to: '2023-07', grain: 'year' } as const;
        const { points } = await readership.metric('new-readers', { ...question, year: 'fiscal' });
        hasPart(points, [{ period: 'FY2023', value: 6 }]);
      },

      'are compared with the periods before, and with a year before': async (readership) => {
        const question = { scope: place.scope, from: '2024-01', to: '2024-02' };
        const year = await readership.metric('interactions', { ...question, compare: 'year' });
        hasPart(year.comparison, {
          mode: 'year',
          points: [{ period: '2023-01' }, { period: '2023-02' }],
        });
        const alone = await readership.metric('interactions', {
          ...question,
          from: '2023-01',
          to: '2023-02',
        });
        assert.deepEqual(year.comparison.points, alone.points);
        const before = await readership.metric('interactions', { ...question, compare: 'previous' });
        hasPart(before.comparison, {
          mode: 'previous',
          points: [{ period: '2023-11' }, { period: '2023-12' }],
        });
      },

      'keep both identities in every scope and month': async (readership) => {
        for (const scope of [place.scope, `branch:${place.branch('NORTH')}`, 'consortium']) {
          const of = (name: string) => values(readership, `${name}-readers`, scope);
          const current = await of('current');
          const [entered, back, lost, came, left] = await Promise.all(
            ['new', 'reactivated', 'lost', 'moved-in', 'moved-out'].map(of),
          );
          for (let m = 1; m < current.length; m++) {
            const expected = current[m - 1]! + entered![m]! + back![m]! - lost![m]! + came![m]! - left![m]!;
            assert.equal(current[m], expected, `${scope}, month ${m}`);
          }
          const [active, retained, returned, newly] = await Promise.all(
            ['active', 'retained', 'returned', 'newly-active'].map(of),
          );
          for (const [m, count] of active!.entries())
            assert.equal(count, retained![m]! + returned![m]! + newly![m]!, `${scope}, month ${m}`);
        }
      },

      'of the libraries add up to those of the consortium': async (readership) => {
        const libraries: string[] = [];
        for (let cursor = ''; ;) {
          const page = await readership.ask(`/v1/libraries?limit=200${cursor}`);
          libraries.push(...page.items.map(({ id }: { id: string }) => id));
          if (page.nextCursor === null) break;
          cursor = `&cursor=${encodeURIComponent(page.nextCursor as string)}`;
        }
        for (const name of ['interactions', 'current-readers', 'new-readers']) {
          const parts = await Promise.all(
            libraries.map((library) => values(readership, name, `library:${library}`)),
          );
          const whole = await values(readership, name, 'consortium');
          const sums = whole.map((_, m) => parts.reduce((sum, part) => sum + part[m]!, 0));
          assert.deepEqual(sums, whole, name);
        }
      },

      'of the board are six, in its order, each with a year before': async (readership) => {
        const board = await readership.ask(`/v1/metrics?scope=${place.scope}&to=2024-04`);
        hasPart(board, { scope: place.scope, policy: { windowMonths: 12 } });
        assert.deepEqual(
          board.figures.map(({ metric }: { metric: string }) => metric),
          ['new-readers', 'lost-readers', 'frequency', 'cost-per-reader', 'testimonials', 'satisfaction'],
        );
        const [entered, lost] = board.figures;
        hasPart(entered, {
          grain: 'month',
          points: [{ period: '2024-04', value: 0 }],
          comparison: { mode: 'year', points: [{ period: '2023-04', value: 1 }] },
        });
        hasPart(lost, { grain: '12-months', points: [{ period: '2023-05/2024-04' }] });
      },
    },
  };
}

import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import type { Place, Readership } from './readership.js';
import type { Theme } from './theme.js';

export function membership(): Theme {
  let place: Place;
  let ada = '';
  let cleo = '';
  const figures = (
    readership: Readership,
    name: string,
    months: readonly [string, string],
    branch?: string,
    after?: string,
  ) =>
    readership.figures(name, {
      scope: branch === undefined ? place.scope : `branch:${place.branch(branch)}`,
      from: months[0],
      to: months[1],
      ...(after === undefined ? {} : { after }),
    });
  const register = async (readership: Readership, card: string, branch: string): Promise<string> => {
    const { body } = await readership.tell('/v1/patrons', {
      cards: [`${card}-${place.suffix}`],
      givenName: card,
      familyName: 'Reader',
      homeBranch: place.branch(branch),
      enrolledOn: '2024-01-10',
    });
    return body.id as string;
  };

  return {
    name: 'the membership of a reader',
    async begin(readership) {
      place = await readership.open('LIFE', ['NORTH', 'SOUTH']);
      ada = await register(readership, 'ADA', 'NORTH');
      cleo = await register(readership, 'CLEO', 'SOUTH');
    },
    cases: {
      'goes with a move, which loses and wins nobody for the library': async (readership) => {
        const { after } = await readership.tell(`/v1/patrons/${ada}/move`, {
          homeBranch: place.branch('SOUTH'),
          since: '2024-04-15',
        });
        const months = ['2024-03', '2024-05'] as const;
        assert.deepEqual(await figures(readership, 'current-readers', months, 'NORTH', after), [1, 0, 0]);
        assert.deepEqual(await figures(readership, 'current-readers', months, 'SOUTH'), [1, 2, 2]);
        assert.deepEqual(await figures(readership, 'current-readers', months), [2, 2, 2]);
        assert.deepEqual(await figures(readership, 'moved-out-readers', months, 'NORTH'), [0, 1, 0]);
        assert.deepEqual(await figures(readership, 'moved-in-readers', months, 'SOUTH'), [0, 1, 0]);
        assert.deepEqual(await figures(readership, 'moved-in-readers', months), [0, 0, 0]);
      },

      'ends by a closure, whose reason is told': async (readership) => {
        const { after } = await readership.tell(`/v1/patrons/${cleo}/close`, {
          reason: 'not-renewed',
          on: '2024-04-20',
        });
        const april = { scope: place.scope, from: '2024-04', to: '2024-04', after };
        hasPart((await readership.metric('lost-readers', april)).points, [
          { value: 1, reasons: { lapsed: 0, expired: 1, closed: 0, erased: 0 } },
        ]);
        const move = { homeBranch: place.branch('NORTH'), since: '2024-04-21' };
        await readership.refuses({ path: `/v1/patrons/${cleo}/move`, body: move }, 409, 'PATRON_CLOSED');
      },

      'begins again by a reopening': async (readership) => {
        const { after } = await readership.tell(`/v1/patrons/${cleo}/reopen`, { on: '2024-05-02' });
        const months = ['2024-03', '2024-05'] as const;
        assert.deepEqual(await figures(readership, 'current-readers', months, undefined, after), [2, 1, 2]);
        assert.deepEqual(await figures(readership, 'reactivated-readers', months), [0, 0, 1]);
        await readership.refuses(
          { path: `/v1/patrons/${cleo}/reopen`, body: { on: '2024-05-03' } },
          409,
          'PATRON_OPEN',
        );
      },

      'takes a move that took effect before a closure after it': async (readership) => {
        const dora = await register(readership, 'DORA', 'NORTH');
        await readership.tell(`/v1/patrons/${dora}/close`, { reason: 'moved', on: '2024-06-15' });
        const { after } = await readership.tell(`/v1/patrons/${dora}/move`, {
          homeBranch: place.branch('SOUTH'),
          since: '2024-05-15',
        });
        const june = ['2024-06', '2024-06'] as const;
        assert.deepEqual(await figures(readership, 'lost-readers', june, 'SOUTH', after), [1]);
        assert.deepEqual(await figures(readership, 'lost-readers', june, 'NORTH'), [0]);
        const { body } = await readership.send({ path: `/v1/patrons/${dora}` });
        hasPart(body, { homeBranch: place.branch('SOUTH'), status: 'closed' });
      },

      'is at home in every figure where the record says, also since a day before the enrolment': async (
        readership,
      ) => {
        const emmy = await register(readership, 'EMMY', 'NORTH');
        const { after } = await readership.tell(`/v1/patrons/${emmy}/move`, {
          homeBranch: place.branch('SOUTH'),
          since: '2023-12-01',
        });
        const { body } = await readership.send({ path: `/v1/patrons/${emmy}` });
        hasPart(body, { homeBranch: place.branch('SOUTH'), enrolledOn: '2024-01-10' });
        const january = ['2024-01', '2024-01'] as const;
        assert.deepEqual(await figures(readership, 'new-readers', january, 'NORTH', after), [2]);
        assert.deepEqual(await figures(readership, 'new-readers', january, 'SOUTH'), [2]);
      },

      'lapses a year after the last sign of life': async (readership) => {
        const losses = await readership.metric('lost-readers', {
          scope: place.scope,
          from: '2025-01',
          to: '2025-01',
        });
        hasPart(losses.points, [{ value: 3, reasons: { lapsed: 3, expired: 0, closed: 0, erased: 0 } }]);
      },
    },
  };
}

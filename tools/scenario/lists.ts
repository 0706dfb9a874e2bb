import assert from 'node:assert/strict';
import { dayFromNow, type Place, type Readership } from './readership.js';
import type { Theme } from './theme.js';

export function lists(): Theme {
  let place: Place;

  /** All ids of a list, read in pages of `limit`. */
  async function idsOf(readership: Readership, path: string, limit: number): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { items, nextCursor } = await readership.ask(`${path}&limit=${limit}${cursor}`);
      assert.ok(items.length <= limit);
      ids.push(...items.map(({ id }: { id: string }) => id));
      if (nextCursor === null) return ids;
      cursor = `&cursor=${encodeURIComponent(nextCursor as string)}`;
    }
  }

  return {
    name: 'a list',
    async begin(readership) {
      place = await readership.open('LIST', ['A', 'B', 'C', 'D', 'E']);
      for (const n of [1, 2, 3]) {
        await readership.tell('/v1/surveys', {
          id: `list-${n}-${place.suffix}`,
          title: 'A survey',
          language: 'en',
          questions: [{ id: 'q', type: 'csat', text: 'Are you satisfied?' }],
        });
        const survey = `/v1/surveys/list-1-${place.suffix}`;
        await readership.tell(`${survey}/responses`, {
          id: `list-${n}`,
          answeredAt: `2024-0${n + 3}-01T10:00:00Z`,
          branch: place.branch('A'),
          answers: { q: n },
        });
        await readership.tell(`${survey}/invitations`, {
          branch: place.branch('A'),
          expiresOn: dayFromNow(10 * n),
        });
        await readership.tell('/v1/costs', {
          ...{ branch: place.branch('A'), month: `2024-0${n + 3}`, category: 'Lists' },
          amount: { minor: n, currency: 'EUR' },
        });
        await readership.tell('/v1/testimonials', {
          id: `list-${n}-${place.suffix}`,
          receivedOn: '2024-05-20',
          text: 'Thank you.',
        });
      }
      await readership.tellLines(
        '/v1/patrons/batch',
        [1, 2, 3, 4, 5].map((n) => ({
          cards: [`L${n}-${place.suffix}`],
          givenName: `Lena ${n}`,
          familyName: `Xi${place.suffix}`,
          homeBranch: place.branch('A'),
        })),
      );
      await readership.settled();
    },
    cases: {
      'of branches goes page by page': async (readership) => {
        const path = `/v1/branches?library=${place.library}`;
        const ids = ['A', 'B', 'C', 'D', 'E'].map(place.branch);
        assert.deepEqual(await idsOf(readership, path, 2), ids);
        assert.deepEqual(await idsOf(readership, path, 5), ids);
      },

      'of readers by name, too': async (readership) => {
        const ids = await idsOf(readership, `/v1/patrons?name=xi${place.suffix.toLowerCase()}`, 2);
        assert.equal(new Set(ids).size, 5);
      },

      'of surveys and testimonials, too': async (readership) => {
        for (const path of ['/v1/surveys?', '/v1/testimonials?status=received']) {
          const ids = await idsOf(readership, path, 2);
          assert.equal(new Set(ids).size, ids.length);
          const ours = ids.filter((id) => id.endsWith(place.suffix)).sort();
          assert.deepEqual(
            ours,
            [1, 2, 3].map((n) => `list-${n}-${place.suffix}`),
          );
        }
      },

      'of branches, surveys and libraries is searched by name': async (readership) => {
        const { suffix } = place;
        assert.deepEqual(await idsOf(readership, `/v1/branches?q=c%20${suffix}`, 1), [place.branch('C')]);
        assert.deepEqual(await idsOf(readership, `/v1/libraries?q=list%20${suffix}`, 1), [place.library]);
        const surveys = await idsOf(readership, `/v1/surveys?q=${suffix.toLowerCase()}%20survey`, 2);
        assert.deepEqual(
          surveys,
          [1, 2, 3].map((n) => `list-${n}-${suffix}`),
        );
      },

      'of costs and testimonials has the months that it is asked for': async (readership) => {
        const costs = await readership.ask(
          `/v1/costs?branch=${place.branch('A')}&from=2024-04&to=2024-05&category=LISTS`,
        );
        assert.deepEqual(
          costs.items.map(({ month }: { month: string }) => month),
          ['2024-04', '2024-05'],
        );
        const may = await idsOf(readership, '/v1/testimonials?from=2024-05-20&to=2024-05-20', 2);
        assert.equal(may.filter((id) => id.endsWith(place.suffix)).length, 3);
        const june = await idsOf(readership, '/v1/testimonials?from=2024-06', 2);
        assert.equal(june.filter((id) => id.endsWith(place.suffix)).length, 0);
      },

      'of responses and invitations is of a branch, newest first': async (readership) => {
        const survey = `/v1/surveys/list-1-${place.suffix}`;
        const ofA = `branch=${place.branch('A')}`;
        const { items } = await readership.ask(`${survey}/responses?${ofA}&from=2024-05`);
        assert.deepEqual(
          items.map(({ answeredAt }: { answeredAt: string }) => answeredAt.slice(0, 7)),
          ['2024-06', '2024-05'],
        );
        assert.equal((await idsOf(readership, `${survey}/responses?${ofA}`, 2)).length, 3);
        assert.equal((await idsOf(readership, `${survey}/invitations?${ofA}&state=open`, 2)).length, 3);
        assert.deepEqual(await idsOf(readership, `${survey}/invitations?${ofA}&state=expired`, 2), []);
        assert.deepEqual(await idsOf(readership, `${survey}/responses?branch=${place.branch('B')}`, 2), []);
      },

      'refuses a cursor that it did not give, and a page that is too large': async (readership) => {
        for (const path of ['/v1/branches', '/v1/surveys', '/v1/testimonials', '/v1/costs']) {
          await readership.refuses({ path: `${path}?cursor=made-up` }, 422, 'BAD_CURSOR');
          await readership.refuses({ path: `${path}?limit=201` }, 422, 'BAD_LIMIT');
        }
      },
    },
  };
}

import assert from 'node:assert/strict';
import type { Place, Readership } from './readership.js';
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

      'refuses a cursor that it did not give, and a page that is too large': async (readership) => {
        for (const path of ['/v1/branches', '/v1/surveys', '/v1/testimonials', '/v1/costs']) {
          await readership.refuses({ path: `${path}?cursor=made-up` }, 422, 'BAD_CURSOR');
          await readership.refuses({ path: `${path}?limit=201` }, 422, 'BAD_LIMIT');
        }
      },
    },
  };
}

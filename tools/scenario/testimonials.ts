import assert from 'node:assert/strict';
import { hasPart } from './part-of.js';
import type { Place } from './readership.js';
import type { Theme } from './theme.js';

export function testimonials(): Theme {
  let place: Place;
  const letter = (id: string, more: object = {}) => ({
    id: `${id}-${place.suffix}`,
    receivedOn: '2024-05-20',
    branch: place.branch('NORTH'),
    text: 'My daughter learned to read here. Thank you.',
    ...more,
  });

  return {
    name: 'a testimonial',
    async begin(readership) {
      place = await readership.open('SAY', ['NORTH', 'SOUTH']);
    },
    cases: {
      'counts when it is received': async (readership) => {
        const { after, status } = await readership.tell('/v1/testimonials', letter('one'));
        assert.equal(status, 201);
        const spring = { scope: place.scope, from: '2024-04', to: '2024-05', after };
        assert.deepEqual(await readership.figures('testimonials', spring), [0, 1]);
        assert.equal((await readership.tell('/v1/testimonials', letter('one'))).status, 200);
        const other = { path: '/v1/testimonials', body: letter('one', { text: 'Other' }) };
        await readership.refuses(other, 409, 'ID_REUSED');
      },

      'is published once it is approved, with consent': async (readership) => {
        const path = `/v1/testimonials/one-${place.suffix}`;
        const consent = { givenOn: '2024-05-21', statement: 'You may print it.' };
        await readership.refuses({ path: `${path}/publish`, body: { consent } }, 409, 'NOT_APPROVED');
        await readership.tell(`${path}/approve`, {});
        await readership.refuses({ path: `${path}/publish`, body: {} }, 422, 'INVALID');
        const { body } = await readership.tell(`${path}/publish`, { consent });
        hasPart(body, { status: 'published', consent });
      },

      'is withdrawn for good': async (readership) => {
        await readership.tell('/v1/testimonials', letter('two'));
        const path = `/v1/testimonials/two-${place.suffix}`;
        hasPart((await readership.tell(`${path}/withdraw`, {})).body, { status: 'withdrawn' });
        await readership.refuses({ path: `${path}/approve`, body: {} }, 409, 'TESTIMONIAL_WITHDRAWN');
      },
    },
  };
}

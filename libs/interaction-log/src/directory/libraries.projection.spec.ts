import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { libraries } from './libraries.projection.js';

const added = {
  type: 'LibraryAdded',
  key: 'library-CITY',
  data: { id: 'CITY', name: 'City Library' },
} as PublishedEvent<'LibraryAdded'>;

it('the libraries known here are those that were added, found by their id', () => {
  projected(libraries, added, added).thenRow('library-CITY', { id: 'CITY' });
  expect(libraries.indexes!['id']!({ id: 'CITY' })).toEqual(['CITY']);
});

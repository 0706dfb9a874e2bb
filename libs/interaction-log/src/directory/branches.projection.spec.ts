import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { branches } from './branches.projection.js';

const added = {
  type: 'BranchAdded',
  key: 'branch-NORTH',
  data: { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'Europe/Berlin' },
} as PublishedEvent<'BranchAdded'>;
const transferred = {
  type: 'BranchTransferred',
  key: 'branch-NORTH',
  data: { id: 'NORTH', library: 'COUNTY' },
} as PublishedEvent<'BranchTransferred'>;

describe('the branches known here', () => {
  it('are those that were added, found by their id', () => {
    projected(branches, added, added).thenRow('branch-NORTH', { id: 'NORTH', library: 'CITY' });
    expect(branches.indexes!['id']!({ id: 'NORTH', library: 'CITY' })).toEqual(['NORTH']);
  });

  it('belong to the library that they were transferred to last', () =>
    projected(branches, added, transferred, transferred).thenRow('branch-NORTH', {
      id: 'NORTH',
      library: 'COUNTY',
    }));
});

import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { branches } from './branches.projection.js';

const added = {
  type: 'BranchAdded',
  key: 'branch-NORTH',
  data: { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'Europe/Berlin' },
} as PublishedEvent<'BranchAdded'>;

describe('the branches known here', () => {
  it('are those that were added, found by their id', () => {
    const { rows } = projected(branches, added, added);
    expect([...rows]).toEqual([['branch-NORTH', { id: 'NORTH' }]]);
    expect(branches.indexes!['id']!({ id: 'NORTH' })).toEqual(['NORTH']);
  });
});

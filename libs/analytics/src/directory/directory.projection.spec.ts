import { defaultPolicy } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { directory, type DirectoryEvent } from './directory.projection.js';

const event = (type: DirectoryEvent['type'], key: string, data: object) =>
  ({ type, key, data }) as unknown as DirectoryEvent;

const added = event('BranchAdded', 'branch-NORTH', {
  id: 'NORTH',
  name: 'North',
  library: 'CITY',
  timeZone: 'UTC',
});

describe('the directory', () => {
  it('knows the consortium as it was configured last', () => {
    const settings = {
      name: 'All',
      timeZone: 'Europe/Berlin',
      currency: 'EUR',
      fiscalYearStartMonth: 4,
      activityPolicy: defaultPolicy,
    };
    projected(
      directory,
      event('ConsortiumConfigured', 'consortium-it', { ...settings, timeZone: 'UTC' }),
      event('ConsortiumConfigured', 'consortium-it', settings),
    ).thenRow('consortium-it', { kind: 'consortium', settings });
  });

  it('knows libraries by their latest name', () =>
    projected(
      directory,
      event('LibraryAdded', 'library-CITY', { id: 'CITY', name: 'City' }),
      event('LibraryRenamed', 'library-CITY', { id: 'CITY', name: 'Town' }),
    ).thenRow('library-CITY', { kind: 'library', id: 'CITY', name: 'Town' }));

  it('knows branches by their latest name and library', () =>
    projected(
      directory,
      added,
      event('BranchRenamed', 'branch-NORTH', { id: 'NORTH', name: 'Far North' }),
      event('BranchTransferred', 'branch-NORTH', { id: 'NORTH', library: 'COUNTY' }),
      event('BranchTransferred', 'branch-NORTH', { id: 'NORTH', library: 'COUNTY' }),
    ).thenRow('branch-NORTH', { kind: 'branch', id: 'NORTH', name: 'Far North', library: 'COUNTY' }));
});

import type { Stored } from '@readership/kernel';
import { projected, withPrivateFields } from '@readership/kernel/testing';
import type { BranchEvent, LibraryEvent } from './directory.events.js';
import { branches, libraries } from './directory.projection.js';

const stored = <E extends BranchEvent | LibraryEvent>(key: string, event: E) =>
  ({ ...event, key }) as Stored<E>;

describe('the lists of libraries and branches', () => {
  it('show a library by its last name', () => {
    const renamed = stored<LibraryEvent>('library-CITY', {
      type: 'LibraryRenamed',
      data: { id: 'CITY', name: 'Town' },
    });
    projected(
      libraries,
      stored<LibraryEvent>('library-CITY', { type: 'LibraryAdded', data: { id: 'CITY', name: 'City' } }),
      renamed,
      renamed,
    ).thenRow('library-CITY', { id: 'CITY', name: 'Town' });
  });

  it('show a branch with everything that changed', () => {
    const added = { id: 'N', name: 'North', library: 'CITY', timeZone: 'UTC' };
    const stated = stored<BranchEvent>('branch-N', {
      type: 'BranchPopulationStated',
      data: { id: 'N', population: 9, populationSince: '2024-01-01' },
    });
    const rows = projected(
      branches,
      stored<BranchEvent>('branch-N', { type: 'BranchAdded', data: added }),
      stored<BranchEvent>('branch-N', { type: 'BranchTransferred', data: { id: 'N', library: 'LAKE' } }),
      stated,
      stated,
    );
    rows.thenRow('branch-N', { ...added, library: 'LAKE', population: 9, populationSince: '2024-01-01' });
    expect(branches.indexes!.library!(rows.rows.get('branch-N')!)).toEqual(['LAKE']);
    expect(branches.indexes!.id!(rows.rows.get('branch-N')!)).toEqual(['N']);
    expect(libraries.indexes!.id!({ id: 'CITY', name: 'City' })).toEqual(['CITY']);
  });

  it('show the last day of a branch until it reopens', () => {
    const added = { id: 'N', name: 'North', library: 'CITY', timeZone: 'UTC' };
    const changes = (...events: readonly BranchEvent[]) =>
      projected(branches, ...events.map((event) => stored('branch-N', event)));
    const add: BranchEvent = { type: 'BranchAdded', data: added };
    const close: BranchEvent = { type: 'BranchClosed', data: { id: 'N', closedOn: '2024-03-31' } };
    changes(add, close).thenRow('branch-N', { ...added, closedOn: '2024-03-31' });
    changes(add, close, { type: 'BranchReopened', data: { id: 'N' } }).thenRow('branch-N', added);
  });

  it('leave out what was added to an event', () => {
    const laden = <E extends BranchEvent | LibraryEvent>(key: string, event: E) =>
      withPrivateFields(stored(key, event), '1815-12-10');
    const city = { id: 'CITY', name: 'City' };
    for (const type of ['LibraryAdded', 'LibraryRenamed'] as const)
      projected(libraries, laden<LibraryEvent>('library-CITY', { type, data: city })).thenRow(
        'library-CITY',
        city,
      );
    const added = { id: 'N', name: 'North', library: 'CITY', timeZone: 'UTC', population: 7 };
    const changes: readonly BranchEvent[] = [
      { type: 'BranchAdded', data: added },
      { type: 'BranchRenamed', data: { id: 'N', name: 'Nord' } },
      { type: 'BranchTransferred', data: { id: 'N', library: 'LAKE' } },
      { type: 'BranchTimeZoneSet', data: { id: 'N', timeZone: 'Europe/Dublin' } },
      { type: 'BranchPopulationStated', data: { id: 'N', population: 9, populationSince: '2024-01-01' } },
      { type: 'BranchClosed', data: { id: 'N', closedOn: '2023-12-31' } },
      { type: 'BranchReopened', data: { id: 'N' } },
    ];
    expect(changes.map(({ type }) => type)).toEqual(branches.on);
    projected(branches, ...changes.map((change) => laden('branch-N', change))).thenRow('branch-N', {
      ...{ id: 'N', name: 'Nord', library: 'LAKE', timeZone: 'Europe/Dublin' },
      ...{ population: 9, populationSince: '2024-01-01' },
    });
  });
});

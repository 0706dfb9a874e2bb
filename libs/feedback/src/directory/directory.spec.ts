import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { consortium } from './consortium.projection.js';
import { knownBranches } from './known-branches.projection.js';
import { knownPatrons } from './known-patrons.projection.js';

const told = <T extends 'BranchAdded' | 'PatronRegistered' | 'ConsortiumConfigured'>(
  type: T,
  key: string,
  data: object,
) => ({ type, key, data }) as unknown as PublishedEvent<T>;

it('remembers a branch by its id, once however often it is told', () => {
  const added = told('BranchAdded', 'branch-NORTH', {
    id: 'NORTH',
    name: 'North',
    library: 'CITY',
    timeZone: 'UTC',
  });
  projected(knownBranches, added).thenRow('branch-NORTH', { id: 'NORTH' });
  projected(knownBranches, added, added).thenRow('branch-NORTH', { id: 'NORTH' });
  expect(knownBranches.indexes?.['id']?.({ id: 'NORTH' })).toEqual(['NORTH']);
});

it('remembers of a patron only that it was registered', () => {
  const id = '018f0000-0000-7000-8000-000000000002';
  const registered = told('PatronRegistered', id, { personId: id, homeBranch: 'NORTH', category: 'adult' });
  projected(knownPatrons, registered).thenRow(id, { registered: true });
  projected(knownPatrons, registered, registered).thenRow(id, { registered: true });
});

it('keeps the time zone that the consortium was given last', () => {
  const [berlin, lima] = ['Europe/Berlin', 'America/Lima'].map((timeZone) =>
    told('ConsortiumConfigured', 'consortium-main', { name: 'Riverbend', timeZone }),
  );
  projected(consortium, berlin!, lima!).thenRow('consortium-main', { timeZone: 'America/Lima' });
  projected(consortium, berlin!, lima!, lima!).thenRow('consortium-main', { timeZone: 'America/Lima' });
});

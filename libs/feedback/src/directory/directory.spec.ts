import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { consortium } from './consortium.projection.js';
import { knownBranches } from './known-branches.projection.js';

const told = <T extends 'BranchAdded' | 'ConsortiumConfigured'>(type: T, key: string, data: object) =>
  ({ type, key, data }) as unknown as PublishedEvent<T>;

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

it('keeps the time zone that the consortium was given last', () => {
  const [berlin, lima] = ['Europe/Berlin', 'America/Lima'].map((timeZone) =>
    told('ConsortiumConfigured', 'consortium-main', { name: 'Riverbend', timeZone }),
  );
  projected(consortium, berlin!, lima!).thenRow('consortium-main', { timeZone: 'America/Lima' });
  projected(consortium, berlin!, lima!, lima!).thenRow('consortium-main', { timeZone: 'America/Lima' });
});

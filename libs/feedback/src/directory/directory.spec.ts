import type { PublishedEvent } from '@readership/contracts';
import { projected } from '@readership/kernel/testing';
import { consortium } from './consortium.projection.js';
import { knownBranches } from './known-branches.projection.js';
import { knownPatrons } from './known-patrons.projection.js';

const told = <T extends 'BranchAdded' | 'BranchTransferred' | 'PatronRegistered' | 'ConsortiumConfigured'>(
  type: T,
  key: string,
  data: object,
) => ({ type, key, data }) as unknown as PublishedEvent<T>;

it('remembers a branch by its id with its library of now, once however often it is told', () => {
  const added = told('BranchAdded', 'branch-NORTH', {
    id: 'NORTH',
    name: 'North',
    library: 'CITY',
    timeZone: 'UTC',
  });
  const row = { id: 'NORTH', library: 'CITY' };
  projected(knownBranches, added).thenRow('branch-NORTH', row);
  projected(knownBranches, added, added).thenRow('branch-NORTH', row);
  expect(knownBranches.indexes?.['id']?.(row)).toEqual(['NORTH']);
  const transferred = told('BranchTransferred', 'branch-NORTH', { id: 'NORTH', library: 'COUNTY' });
  const moved = { id: 'NORTH', library: 'COUNTY' };
  projected(knownBranches, added, transferred).thenRow('branch-NORTH', moved);
  projected(knownBranches, added, transferred, transferred).thenRow('branch-NORTH', moved);
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

import type { Projection, Stored } from '@readership/kernel';
import type { BranchDetails } from './branch.decider.js';
import type { BranchEvent, LibraryEvent } from './directory.events.js';

export interface LibraryRow {
  readonly id: string;
  readonly name: string;
}

/** The libraries, listed by id. */
export const libraries: Projection<Stored<LibraryEvent>, LibraryRow> = {
  name: 'libraries',
  version: 1,
  on: ['LibraryAdded', 'LibraryRenamed'],
  key: (event) => event.key,
  apply: (_row, event) => event.data,
  indexes: { id: ({ id }) => [id] },
};

/** The branches, listed by id, or by library and id. */
export const branches: Projection<Stored<BranchEvent>, BranchDetails> = {
  name: 'branches',
  version: 1,
  on: ['BranchAdded', 'BranchRenamed', 'BranchTransferred', 'BranchTimeZoneSet', 'BranchPopulationStated'],
  key: (event) => event.key,
  apply(row, event) {
    if (event.type === 'BranchAdded') return event.data;
    return row && { ...row, ...event.data };
  },
  indexes: { id: ({ id }) => [id], library: ({ library }) => [library] },
};

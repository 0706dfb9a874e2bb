import type { Projection, Stored } from '@readership/kernel';
import { reopened, type BranchDetails } from './branch.decider.js';
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
  apply: (_row, { data: { id, name } }) => ({ id, name }),
  indexes: { id: ({ id }) => [id] },
};

/** The branches, listed by id, or by library and id. */
export const branches: Projection<Stored<BranchEvent>, BranchDetails> = {
  name: 'branches',
  version: 2,
  on: [
    'BranchAdded',
    'BranchRenamed',
    'BranchTransferred',
    'BranchTimeZoneSet',
    'BranchPopulationStated',
    'BranchClosed',
    'BranchReopened',
  ],
  key: (event) => event.key,
  apply(row, event) {
    switch (event.type) {
      case 'BranchAdded': {
        const { id, name, library, timeZone, population } = event.data;
        return { id, name, library, timeZone, ...(population === undefined ? {} : { population }) };
      }
      case 'BranchRenamed':
        return row && { ...row, name: event.data.name };
      case 'BranchTransferred':
        return row && { ...row, library: event.data.library };
      case 'BranchTimeZoneSet':
        return row && { ...row, timeZone: event.data.timeZone };
      case 'BranchPopulationStated': {
        const { population, populationSince } = event.data;
        return row && { ...row, population, ...(populationSince === undefined ? {} : { populationSince }) };
      }
      case 'BranchClosed':
        return row && { ...row, closedOn: event.data.closedOn };
      case 'BranchReopened':
        return row && reopened(row);
    }
  },
  indexes: { id: ({ id }) => [id], library: ({ library }) => [library] },
};

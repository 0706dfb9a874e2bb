import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** A branch, and the library that it belongs to now. */
export interface KnownBranch {
  readonly id: string;
  readonly library: string;
}

/** The branches of the consortium that this context knows. None ever disappears. */
export const knownBranches: Projection<PublishedEvent<'BranchAdded' | 'BranchTransferred'>, KnownBranch> = {
  name: 'known-branches',
  version: 2,
  on: ['BranchAdded', 'BranchTransferred'],
  key: (event) => event.key,
  apply: (_row, { data: { id, library } }) => ({ id, library }),
  indexes: { id: (row) => [row.id] },
};

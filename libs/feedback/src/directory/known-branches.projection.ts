import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

export interface KnownBranch {
  readonly id: string;
}

/** The branches of the consortium that this context knows. None ever disappears. */
export const knownBranches: Projection<PublishedEvent<'BranchAdded'>, KnownBranch> = {
  name: 'known-branches',
  version: 1,
  on: ['BranchAdded'],
  key: (event) => event.key,
  apply: (_row, { data }) => ({ id: data.id }),
  indexes: { id: (row) => [row.id] },
};

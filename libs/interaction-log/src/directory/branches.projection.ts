import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** A branch that interactions may name, and its current library. */
export interface BranchRow {
  readonly id: string;
  readonly library: string;
}

export const branches: Projection<PublishedEvent<'BranchAdded' | 'BranchTransferred'>, BranchRow> = {
  name: 'branches',
  version: 2,
  on: ['BranchAdded', 'BranchTransferred'],
  key: (event) => event.key,
  apply: (_row, { data: { id, library } }) => ({ id, library }),
  indexes: { id: (row) => [row.id] },
};

import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** A branch that interactions may name. */
export interface BranchRow {
  readonly id: string;
}

export const branches: Projection<PublishedEvent<'BranchAdded'>, BranchRow> = {
  name: 'branches',
  version: 1,
  on: ['BranchAdded'],
  key: (event) => event.key,
  apply: (_row, event) => ({ id: event.data.id }),
  indexes: { id: (row) => [row.id] },
};

import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** A library that a source may speak for. */
export interface LibraryRow {
  readonly id: string;
}

export const libraries: Projection<PublishedEvent<'LibraryAdded'>, LibraryRow> = {
  name: 'libraries',
  version: 1,
  on: ['LibraryAdded'],
  key: (event) => event.key,
  apply: (_row, event) => ({ id: event.data.id }),
  indexes: { id: (row) => [row.id] },
};

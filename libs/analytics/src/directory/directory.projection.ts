import type { FactData, PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

export type Settings = FactData<'ConsortiumConfigured'>;

export type DirectoryRow =
  | { readonly kind: 'consortium'; readonly settings: Settings }
  | { readonly kind: 'library'; readonly id: string; readonly name: string }
  | { readonly kind: 'branch'; readonly id: string; readonly name: string; readonly library: string };

const on = [
  'ConsortiumConfigured',
  'LibraryAdded',
  'LibraryRenamed',
  'BranchAdded',
  'BranchRenamed',
  'BranchTransferred',
] as const;

export type DirectoryEvent = PublishedEvent<(typeof on)[number]>;

/** The consortium, its libraries and branches as the figures know them: a row for each stream of the directory. */
export const directory: Projection<DirectoryEvent, DirectoryRow> = {
  name: 'directory',
  version: 1,
  on,
  key: (event) => event.key,
  apply(row, event) {
    switch (event.type) {
      case 'ConsortiumConfigured': {
        const { name, timeZone, currency, fiscalYearStartMonth, activityPolicy } = event.data;
        const settings = { name, timeZone, currency, fiscalYearStartMonth, activityPolicy };
        return { kind: 'consortium', settings };
      }
      case 'LibraryAdded':
      case 'LibraryRenamed':
        return { kind: 'library', id: event.data.id, name: event.data.name };
      case 'BranchAdded':
        return { kind: 'branch', id: event.data.id, name: event.data.name, library: event.data.library };
      case 'BranchRenamed':
        return row?.kind === 'branch' ? { ...row, name: event.data.name } : row;
      case 'BranchTransferred':
        return row?.kind === 'branch' ? { ...row, library: event.data.library } : row;
    }
  },
};

import type { Projection, Stored } from '@readership/kernel';
import type { SourceEvent } from './source.events.js';

export interface ListedSource {
  readonly source: string;
  readonly libraries: readonly string[];
  readonly branches: readonly string[];
  /** Since when it may speak for exactly these. */
  readonly allowedAt: string;
}

/** The sources that may speak for a branch, listed by name. */
export const sourcesList: Projection<Stored<SourceEvent>, ListedSource> = {
  name: 'sources-list',
  version: 1,
  on: ['SourceAllowed', 'SourceRevoked'],
  key: (event) => event.key,
  apply(_row, event) {
    if (event.type === 'SourceRevoked') return null;
    const { source, libraries, branches } = event.data;
    return { source, libraries, branches, allowedAt: event.recordedAt };
  },
  indexes: { source: (row) => [row.source] },
};

import type { PublishedEvent } from '@readership/contracts';
import type { Projection } from '@readership/kernel';

/** The last day of a branch that has one; or, in the row of the consortium, the time zone of all last days. */
export type BranchClosing =
  { readonly closedOn: string; readonly timeZone?: never } | { readonly timeZone: string };

export type ClosingFact = PublishedEvent<'BranchClosed' | 'BranchReopened' | 'ConsortiumConfigured'>;

/** By the streams of branches and of the consortium. */
export const branchClosings: Projection<ClosingFact, BranchClosing> = {
  name: 'branch-closings',
  version: 1,
  on: ['BranchClosed', 'BranchReopened', 'ConsortiumConfigured'],
  key: (event) => event.key,
  apply(_row, event) {
    switch (event.type) {
      case 'BranchClosed':
        return { closedOn: event.data.closedOn };
      case 'BranchReopened':
        return null;
      case 'ConsortiumConfigured':
        return { timeZone: event.data.timeZone };
    }
  },
};

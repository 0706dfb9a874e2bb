import { given } from '@readership/kernel/testing';
import { branch, type BranchDetails } from './branch.decider.js';

const north: BranchDetails = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'Europe/Vienna' };
const added = { type: 'BranchAdded', data: north } as const;
const renamed = { type: 'BranchRenamed', data: { id: 'NORTH', name: 'North Side' } } as const;
const add = (change: Partial<BranchDetails> = {}) =>
  ({ type: 'AddBranch', branch: { ...north, ...change } }) as const;

describe('a branch', () => {
  it('is added', () => given(branch).when(add()).then(added));

  it('stays as it is when it is added again', () => given(branch, added).when(add()).thenNothing());

  it('may be added again as it was, also after a change', () =>
    given(branch, added, renamed).when(add()).thenNothing());

  it('is not added again with other content', () =>
    given(branch, added)
      .when(add({ population: 9 }))
      .thenRefused('BRANCH_EXISTS'));

  it('changes in each respect by a fact of its own', () =>
    given(branch, added)
      .when({
        type: 'ChangeBranch',
        name: 'North Side',
        library: 'LAKE',
        timeZone: 'UTC',
        population: { people: 9_000, since: '2024-01-01' },
      })
      .then(
        renamed,
        { type: 'BranchTransferred', data: { id: 'NORTH', library: 'LAKE' } },
        { type: 'BranchTimeZoneSet', data: { id: 'NORTH', timeZone: 'UTC' } },
        {
          type: 'BranchPopulationStated',
          data: { id: 'NORTH', population: 9_000, populationSince: '2024-01-01' },
        },
      ));

  it('does not change to what it is already', () =>
    given(branch, added, renamed)
      .when({ type: 'ChangeBranch', name: 'North Side', library: 'CITY' })
      .thenNothing());

  it('closes after a last day, which may be another one later, and reopens', () => {
    const close = (closedOn: string | null) => ({ type: 'ChangeBranch', closedOn }) as const;
    const closed = (closedOn: string) => ({ type: 'BranchClosed', data: { id: 'NORTH', closedOn } }) as const;
    const reopened = { type: 'BranchReopened', data: { id: 'NORTH' } } as const;
    given(branch, added).when(close('2024-03-31')).then(closed('2024-03-31'));
    given(branch, added, closed('2024-03-31')).when(close('2024-03-31')).thenNothing();
    given(branch, added, closed('2024-03-31')).when(close('2024-06-30')).then(closed('2024-06-30'));
    given(branch, added, closed('2024-03-31')).when(close(null)).then(reopened);
    given(branch, added).when(close(null)).thenNothing();
    given(branch, added, closed('2024-03-31'), reopened).when(close('2024-03-31')).then(closed('2024-03-31'));
    given(branch, added, closed('2024-03-31')).when(add()).thenNothing();
  });

  it('does not change before it exists', () =>
    given(branch).when({ type: 'ChangeBranch', name: 'North Side' }).thenRefused('BRANCH_UNKNOWN'));
});

import { projected } from '@readership/kernel/testing';
import { branchClosings, type ClosingFact } from './branch-closings.projection.js';

const told = (type: ClosingFact['type'], key: string, data: object) =>
  ({ type, key, data }) as unknown as ClosingFact;
const closed = (closedOn: string) => told('BranchClosed', 'branch-NORTH', { id: 'NORTH', closedOn });
const reopened = told('BranchReopened', 'branch-NORTH', { id: 'NORTH' });

describe('the last day of a branch', () => {
  it('is the one that was stated last', () =>
    projected(branchClosings, closed('2024-03-31'), closed('2024-06-30'), closed('2024-06-30')).thenRow(
      'branch-NORTH',
      { closedOn: '2024-06-30' },
    ));

  it('is forgotten when the branch reopens, until it closes again', () => {
    projected(branchClosings, closed('2024-03-31'), reopened, reopened).thenRow('branch-NORTH', null);
    projected(branchClosings, reopened, closed('2024-03-31')).thenRow('branch-NORTH', {
      closedOn: '2024-03-31',
    });
  });
});

it('the time zone of all last days is that of the consortium', () =>
  projected(
    branchClosings,
    told('ConsortiumConfigured', 'consortium-main', { name: 'Lakes', timeZone: 'Europe/Vienna' }),
  ).thenRow('consortium-main', { timeZone: 'Europe/Vienna' }));

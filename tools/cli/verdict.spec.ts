import type { ContextAudit } from '@readership/client';
import { behind, inequalities, unequal, verdict } from './audit.js';

const partition = { partition: 0, recorded: 5, published: 3, privateOnly: 2, unpublished: 0 };
const projection = { name: 'seen.v1', partition: 0, published: 3, applied: 2, skipped: 1, parked: 0, lag: 0 };
const account = (parts: Partial<ContextAudit> = {}): ContextAudit => ({
  context: 'feedback',
  partitions: [partition],
  projections: [projection],
  jobs: 0,
  holds: true,
  ...parts,
});

describe('an audit', () => {
  it('of equal accounts says that every event is accounted for', () => {
    expect(inequalities([account()])).toEqual([]);
    expect(verdict([account()])).toBe('Every event is accounted for.');
  });

  it('of what is not applied yet says that nothing is missing, and how to wait', () => {
    const late = account({
      partitions: [{ ...partition, published: 2, unpublished: 1 }],
      projections: [{ ...projection, applied: 0, lag: 2 }],
      jobs: 4,
    });
    expect(unequal([late])).toEqual([]);
    expect(behind([late])).toEqual([
      'feedback/0: 1 not published yet',
      'feedback/seen.v1/0: 2 behind',
      'feedback: 4 jobs have not ended',
    ]);
    expect(verdict([late])).toMatch(/^Nothing is missing.*--wait 60\.$/);
  });

  it('of accounts that do not hold says how many, whatever else is late', () => {
    const lost = account({
      partitions: [{ ...partition, published: 2 }],
      projections: [{ ...projection, applied: 1 }],
      jobs: 1,
    });
    expect(unequal([lost])).toHaveLength(2);
    expect(verdict([lost])).toBe('2 accounts do not hold.');
    expect(verdict([account({ partitions: [{ ...partition, published: 2 }] })])).toBe(
      '1 account does not hold.',
    );
  });
});

import { checkFact, defaultPolicy, publishedFacts } from '@readership/contracts';
import { withPrivateFields } from '@readership/kernel/testing';
import { publish } from './publish.js';

describe('what analytics publishes', () => {
  it('is a cost, under its stream', () => {
    const data = {
      branch: 'NORTH',
      month: '2024-05',
      category: 'staff',
      amount: { minor: 1, currency: 'EUR' },
    };
    expect(publish({ type: 'CostStated', data }, 'cost-a')).toEqual({
      key: 'cost-a',
      fact: { type: 'CostStated', schema: 1, data },
    });
  });

  it('leaves out what was added to an event, in every fact it has', () => {
    const amount = { minor: 1, currency: 'EUR' };
    const event = {
      type: 'CostStated',
      data: { branch: 'NORTH', month: '2024-05', category: 'staff', amount, was: amount },
    } as const;
    const { fact } = publish(withPrivateFields(event, '1815-12-10'), 'cost-a');
    expect(fact).toEqual(publish(event, 'cost-a').fact);
    expect(() => checkFact('analytics', fact!)).not.toThrow();
    const facts = Object.entries(publishedFacts).filter(([, { context }]) => context === 'analytics');
    expect(facts.map(([type]) => type)).toEqual([event.type]);
  });

  it('is nothing of how its figures are built', () => {
    const build = { number: 1, policy: defaultPolicy, timeZone: 'UTC' };
    for (const event of [
      { type: 'BuildStarted', data: build },
      { type: 'BuildCaughtUp', data: { number: 1, partitions: 3 } },
      { type: 'PartitionCompared', data: { number: 1, partition: 0, offset: 7, live: 'a', built: 'a' } },
      { type: 'BuildServed', data: { number: 1 } },
      { type: 'BuildAbandoned', data: { number: 1 } },
    ] as const) {
      expect(publish(event, 'figures-consortium')).toEqual({ key: 'figures-consortium', fact: null });
    }
  });
});

import assert from 'node:assert/strict';
import { contextNames } from '@readership/contracts';
import type { Theme } from './theme.js';

/** The last theme: everything that the others did is accounted for. */
export function audit(): Theme {
  return {
    name: 'the audit',
    cases: {
      'accounts for every record of every context': async (readership) => {
        const accounts = await readership.settled();
        assert.deepEqual(
          accounts.map(({ context, holds }) => [context, holds]),
          contextNames.map((context) => [context, true]),
        );
        const parked = accounts.flatMap(({ context, projections }) =>
          projections.filter((each) => each.parked > 0).map(({ name }) => `${context}/${name}`),
        );
        assert.deepEqual(parked, []);
      },

      'finds the same facts in every model over the log': async (readership) => {
        const accounts = await readership.settled();
        const published = accounts.flatMap(({ partitions }) => partitions.map((each) => each.published));
        const total = published.reduce((sum, count) => sum + count, 0);
        assert.ok(total > 0);
        const analytics = accounts.find(({ context }) => context === 'analytics')!;
        const byModel = new Map<string, number>();
        // The audit trail is a model over the events of its own context.
        const overLog = analytics.projections.filter(({ name }) => !name.startsWith('audit-trail.'));
        for (const { name, applied, skipped } of overLog)
          byModel.set(name, (byModel.get(name) ?? 0) + applied + skipped);
        for (const [name, taken] of byModel) assert.equal(taken, total, name);
      },
    },
  };
}

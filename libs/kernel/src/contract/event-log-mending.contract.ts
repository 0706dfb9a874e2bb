import assert from 'node:assert/strict';
import { unseen } from '../read/delivery.js';
import { start as begin } from '../ports/read-models.js';
import type { ContractCase } from './contract.js';
import { partitionsOf } from './notes.fixture.js';
import { positions, publish, recordsOf, type EventLogFixture } from './published.fixture.js';

/** What a log guarantees about records that it has lost. */
export const eventLogMendingCases: readonly ContractCase<EventLogFixture>[] = [
  {
    name: 'a lane that is moved back publishes again at the same positions, unless nothing can be missing',
    async run(fixture) {
      await publish(fixture.port, 0, 0, [1, 2, 5]);
      await publish(fixture.port, 0, 0, [3], { context: 'feedback' });
      assert.deepEqual(
        { ...(await fixture.port.moveBack('profile', 0, { scanned: 9, published: 7 })) },
        { scanned: 5, published: 5 },
        'never forward',
      );
      const { scanned } = await fixture.port.moveBack('profile', 0, { scanned: 2, published: 2 });
      assert.equal((await fixture.port.lane('profile', 0)).scanned, scanned);
      const left = [1, 2, 5, 6].filter((position) => position > scanned);
      assert.equal(await publish(fixture.port, 0, scanned, left), 'published');
      await fixture.reopen();
      const all = await recordsOf(fixture.port, 0, (await fixture.port.ends())[0]!);
      const { fresh, lanes } = unseen(begin, all);
      assert.deepEqual(positions(fresh.filter(({ context }) => context === 'profile')), [1, 2, 5, 6]);
      assert.deepEqual(lanes, { profile: 6, feedback: 3 });
      const counted = await fixture.port.account(0);
      assert.equal(
        counted.reduce((sum, { records }) => sum + records, 0),
        5,
      );
    },
  },
  {
    name: 'the reach is how far the records of each context follow one another',
    async run(fixture) {
      const last = fixture.partitions - 1;
      await publish(fixture.port, last, 0, [1, 2, 5]);
      await publish(fixture.port, last, 0, [3], { context: 'feedback' });
      await publish(fixture.port, last, 5, [7]);
      await fixture.reopen();
      assert.deepEqual({ ...(await fixture.port.reach(last)) }, { profile: 7, feedback: 3 });
    },
  },
  {
    name: 'once publish has resolved nothing of a context lies beyond its lane',
    async run(fixture) {
      for (const partition of partitionsOf(fixture)) await publish(fixture.port, partition, 0, [1, 2]);
      await publish(fixture.port, 0, 0, [3], { context: 'feedback' });
      assert.equal((await fixture.port.beyond('profile')).size, 0);
      assert.equal((await fixture.port.beyond('patrons')).size, 0);
    },
  },
];

import assert from 'node:assert/strict';
import { pause, until, within, type ContractCase } from './contract.js';
import { eventLogMendingCases } from './event-log-mending.contract.js';
import { partitionsOf } from './notes.fixture.js';
import {
  collect,
  positions,
  publish,
  recordAt,
  recordsOf,
  upTo,
  type EventLogFixture,
} from './published.fixture.js';

export const eventLogContract: readonly ContractCase<EventLogFixture>[] = [
  {
    name: 'publish stores the records in order and moves the lane',
    async run(fixture) {
      assert.equal(fixture.port.partitions, fixture.partitions);
      for (const partition of partitionsOf(fixture)) {
        assert.deepEqual(
          { ...(await fixture.port.lane('profile', partition)) },
          { scanned: 0, published: 0 },
        );
        assert.equal(await publish(fixture.port, partition, 0, [1, 2, 5]), 'published');
        assert.deepEqual(
          { ...(await fixture.port.lane('profile', partition)) },
          { scanned: 5, published: 5 },
        );
        const records = await recordsOf(fixture.port, partition, 3);
        assert.deepEqual(positions(records), [1, 2, 5]);
        assert.deepEqual(
          records.map(({ offset }) => offset),
          [1, 2, 3],
          'offsets from 1',
        );
      }
    },
  },
  {
    name: 'a record reads back as it was published',
    async run({ port }) {
      const full = recordAt(0, 1, {
        correlationId: 'trace-1',
        causationId: 'cause-1',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        body: '{"text": "Ünïcødé 😀 \\u2028", "n":1.50}',
        time: '2025-12-31T23:30:00+02:00',
        schema: 7,
        key: 'rëader/x',
      });
      await port.publish('profile', 0, 0, 2, [full, recordAt(0, 2)]);
      const [first, second] = await recordsOf(port, 0, 2);
      assert.deepEqual({ ...first }, { ...full, offset: first!.offset, previous: 0 });
      assert.deepEqual({ ...second }, { ...recordAt(0, 2), offset: second!.offset, previous: 1 });
    },
  },
  {
    name: 'a lane moves over what publishes nothing',
    async run({ port }) {
      assert.equal(await port.publish('profile', 0, 0, 4, []), 'published');
      assert.deepEqual({ ...(await port.lane('profile', 0)) }, { scanned: 4, published: 0 });
      assert.equal(await port.publish('profile', 0, 4, 9, [recordAt(0, 6)]), 'published');
      assert.deepEqual({ ...(await port.lane('profile', 0)) }, { scanned: 9, published: 6 });
      assert.deepEqual(
        (await recordsOf(port, 0, 1)).map(({ previous }) => previous),
        [0],
      );
    },
  },
  {
    name: 'when the lane is not at from, publish answers stale and stores nothing new',
    async run({ port }) {
      await publish(port, 0, 0, [1, 2]);
      assert.equal(await publish(port, 0, 0, [1, 2]), 'stale');
      assert.equal(await publish(port, 0, 1, [2, 3]), 'stale');
      assert.equal(await publish(port, 0, 3, [4]), 'stale');
      assert.deepEqual({ ...(await port.lane('profile', 0)) }, { scanned: 2, published: 2 });
      await publish(port, 0, 2, [3]);
      assert.deepEqual(positions(await recordsOf(port, 0, 3)), [1, 2, 3]);
      assert.equal((await port.ends())[0], 3);
    },
  },
  {
    name: 'of two relays at one place of the lane one publishes',
    async run({ port }) {
      const outcomes = await Promise.all(upTo(6).map(() => publish(port, 0, 0, [1, 2, 3])));
      assert.equal(outcomes.filter((outcome) => outcome === 'published').length, 1);
      assert.deepEqual(positions(await recordsOf(port, 0, 3)), [1, 2, 3]);
    },
  },
  {
    name: 'what was published is durable and a record is kept for ever',
    async run(fixture) {
      for (const partition of partitionsOf(fixture)) await publish(fixture.port, partition, 0, [1, 2]);
      const before = await recordsOf(fixture.port, 0, 2, 'before');
      await fixture.reopen();
      assert.deepEqual(
        [...(await fixture.port.ends())],
        partitionsOf(fixture).map(() => 2),
      );
      assert.deepEqual({ ...(await fixture.port.lane('profile', 0)) }, { scanned: 2, published: 2 });
      assert.equal(await publish(fixture.port, 0, 0, [1, 2]), 'stale');
      assert.equal(await publish(fixture.port, 0, 2, [7]), 'published');
      const after = await recordsOf(fixture.port, 0, 3, 'after');
      assert.deepEqual(after.slice(0, 2), before);
      assert.deepEqual(
        after.map(({ previous }) => previous),
        [0, 1, 2],
      );
    },
  },
  {
    name: 'a record carries the position that its context published before it',
    async run({ port }) {
      await publish(port, 0, 0, [1, 3]);
      await publish(port, 0, 0, [2], { context: 'feedback' });
      await publish(port, 0, 3, [8]);
      await publish(port, 0, 2, [5, 6], { context: 'feedback' });
      const records = await recordsOf(port, 0, 6);
      const of = (context: string) => records.filter((record) => record.context === context);
      assert.deepEqual(
        of('profile').map(({ position, previous }) => [position, previous]),
        [
          [1, 0],
          [3, 1],
          [8, 3],
        ],
      );
      assert.deepEqual(
        of('feedback').map(({ position, previous }) => [position, previous]),
        [
          [2, 0],
          [5, 2],
          [6, 5],
        ],
      );
      const offsets = records.map(({ offset }) => offset);
      assert.deepEqual(
        offsets,
        [...offsets].sort((a, b) => a - b),
        'offsets increase over all contexts',
      );
      assert.equal(new Set(offsets).size, 6);
      assert.deepEqual({ ...(await port.lane('feedback', 0)) }, { scanned: 6, published: 6 });
    },
  },
  {
    name: 'records are delivered in order, at most a window at a time, one call at a time per partition',
    async run(fixture) {
      const busy = new Set<number>();
      const windows: number[] = [];
      const reader = await collect(fixture.port, {
        group: 'reader',
        window: 4,
        take: async (partition, records) => {
          assert.ok(!busy.has(partition), 'one call at a time');
          busy.add(partition);
          windows.push(records.length);
          await pause(1);
          busy.delete(partition);
        },
      });
      for (const partition of partitionsOf(fixture)) {
        await publish(fixture.port, partition, 0, upTo(10));
        await publish(fixture.port, partition, 10, upTo(23).slice(10));
      }
      for (const partition of partitionsOf(fixture)) {
        await until('all are delivered', () => reader.records(partition).length >= 23);
        assert.deepEqual(positions(reader.records(partition)), upTo(23));
        assert.ok(reader.records(partition).every((record) => record.partition === partition));
      }
      await reader.stop();
      assert.ok(
        windows.every((n) => n >= 1 && n <= 4),
        `windows of 1 to 4: ${windows.join(' ')}`,
      );
    },
  },
  {
    name: 'a consumer gets at most windowMax records at once, whatever it asks for, and so many when they are there',
    async run({ port }) {
      const { windowMax } = port;
      const all = windowMax + 1;
      for (let from = 0; from < all; from += 1000) {
        await publish(port, 0, from, upTo(Math.min(all, from + 1000)).slice(from));
      }
      const sizes: number[] = [];
      const reader = await collect(port, {
        group: 'reader',
        window: all,
        take: async (_, records) => void sizes.push(records.length),
      });
      await until('all are delivered', () => reader.records(0).length >= all);
      await reader.stop();
      assert.deepEqual(positions(reader.records(0)), upTo(all));
      assert.equal(Math.max(...sizes), windowMax, `the largest of ${sizes.join(' ')}`);
    },
  },
  {
    name: 'records are delivered to every group, those already there and those to come',
    async run({ port }) {
      await publish(port, 0, 0, upTo(3));
      const readers = await Promise.all(['one', 'two'].map((group) => collect(port, { group })));
      await until('the first are delivered', () => readers.every((reader) => reader.records(0).length >= 3));
      await publish(port, 0, 3, [4, 5]);
      await until('the later are delivered', () => readers.every((reader) => reader.records(0).length >= 5));
      for (const reader of readers) {
        await reader.stop();
        assert.deepEqual(positions(reader.records(0)), upTo(5));
      }
    },
  },
  {
    name: 'consumers of one group share the partitions, and what one leaves the other takes',
    async run(fixture) {
      const readers = await Promise.all([1, 2].map(() => collect(fixture.port, { group: 'shared' })));
      const all = (partition: number) =>
        [...new Set(readers.flatMap((reader) => positions(reader.records(partition))))].sort((a, b) => a - b);
      for (const partition of partitionsOf(fixture)) await publish(fixture.port, partition, 0, upTo(5));
      for (const partition of partitionsOf(fixture)) {
        await until('all are delivered to one or the other', () => all(partition).length >= 5);
      }
      await readers[0]!.stop();
      for (const partition of partitionsOf(fixture)) await publish(fixture.port, partition, 5, [6]);
      for (const partition of partitionsOf(fixture)) {
        await until('the other goes on', () => all(partition).length >= 6);
      }
      await readers[1]!.stop();
    },
  },
  {
    name: 'a consumer is told when a partition is no longer assigned to it',
    async run(fixture) {
      const all = partitionsOf(fixture);
      const begin = async () => {
        const held = new Set<number>();
        const reader = await collect(fixture.port, {
          group: 'shared',
          start: async (partition) => {
            held.add(partition);
            return 0;
          },
          revoked: (partition) => void held.delete(partition),
        });
        return { held, reader };
      };
      const first = await begin();
      await until('the only consumer has all', () => first.held.size === all.length);
      const second = await begin();
      const shares = [first.held, second.held] as const;
      const isShared = () => all.length === 1 || shares.every((held) => held.size > 0);
      await until(
        'each partition is of one of the two',
        () => isShared() && all.every((partition) => shares[0].has(partition) !== shares[1].has(partition)),
      );
      await first.reader.stop();
      await until('the other has all', () => first.held.size === 0 && second.held.size === all.length);
      await second.reader.stop();
      await until('nobody has any', () => second.held.size === 0);
    },
  },
  {
    name: 'records are delivered from the offset the consumer names',
    async run(fixture) {
      for (const partition of partitionsOf(fixture)) await publish(fixture.port, partition, 0, upTo(6));
      await fixture.reopen();
      const reader = await collect(fixture.port, { group: 'reader', start: async () => 4 });
      for (const partition of partitionsOf(fixture)) {
        await until('the rest is delivered', () => reader.records(partition).length >= 2);
        assert.deepEqual(positions(reader.records(partition)), [5, 6]);
      }
      await reader.stop();
    },
  },
  {
    name: 'when take throws, delivery begins again at start, each pause longer',
    async run({ port }) {
      await publish(port, 0, 0, upTo(3));
      const calls: { readonly at: number; readonly first: number; readonly started: number }[] = [];
      let starts = 0;
      let kept = 0;
      const reader = await port.consume({
        group: 'reader',
        window: 2,
        start: async () => {
          starts++;
          return kept;
        },
        take: async (partition, records) => {
          if (partition !== 0) return;
          calls.push({ at: performance.now(), first: records[0]!.position, started: starts });
          if (calls.length <= 4) throw new Error('not yet');
          if (calls.length === 5) kept = 1;
          if (calls.length === 5) throw new Error('not yet: one was kept');
          kept = records.at(-1)!.offset;
        },
      });
      await until('it is delivered in the end', () => kept === 3, 8000);
      await within('stop', reader.stop());
      assert.deepEqual(
        calls.slice(0, 6).map(({ first }) => first),
        [1, 1, 1, 1, 1, 2],
      );
      for (let i = 1; i <= 5; i++)
        assert.ok(calls[i]!.started > calls[i - 1]!.started, 'start is asked again');
      const gaps = calls.slice(1, 5).map(({ at }, i) => at - calls[i]!.at);
      assert.ok(
        gaps[0]! >= 1 && gaps[3]! > gaps[0]!,
        `longer each time: ${gaps.map(Math.round).join(' ')} ms`,
      );
      assert.ok(
        gaps.every((gap) => gap < 6000),
        'at most a few seconds',
      );
    },
  },
  {
    name: 'stop resolves when no call of take is under way and none will come',
    async run({ port }) {
      let running = 0;
      let calls = 0;
      const reader = await port.consume({
        group: 'reader',
        window: 1,
        start: async () => 0,
        take: async () => {
          calls++;
          running++;
          await pause(30);
          running--;
        },
      });
      await publish(port, 0, 0, upTo(20));
      await until('it takes', () => calls > 0);
      await within('stop', reader.stop());
      assert.equal(running, 0);
      const before = calls;
      await publish(port, 0, 20, [21]);
      await pause(100);
      assert.equal(calls, before);
    },
  },
  {
    name: 'the ends are the last offset of each partition, 0 when it is empty',
    async run(fixture) {
      assert.deepEqual(
        [...(await fixture.port.ends())],
        partitionsOf(fixture).map(() => 0),
      );
      const last = fixture.partitions - 1;
      await publish(fixture.port, last, 0, [2, 4]);
      await publish(fixture.port, last, 0, [1], { context: 'feedback' });
      assert.deepEqual(
        [...(await fixture.port.ends())],
        partitionsOf(fixture).map((p) => (p === last ? 3 : 0)),
      );
    },
  },
  {
    name: 'a process that consumes the log comes to know its ends without asking',
    async run({ port, partitions }) {
      const reader = await collect(port, { group: 'reader' });
      const last = partitions - 1;
      const known = (ends: readonly number[]) =>
        until(`the ends are known to be ${ends.join(', ')}`, () => String(port.knownEnds()) === String(ends));
      await known(upTo(partitions).map(() => 0));
      await publish(port, last, 0, [2, 4]);
      await known(upTo(partitions).map((p) => (p - 1 === last ? 2 : 0)));
      await publish(port, last, 4, [5]);
      await known(upTo(partitions).map((p) => (p - 1 === last ? 3 : 0)));
      await reader.stop();
    },
  },
  {
    name: 'an account counts the records of each context and type, up to an offset',
    async run(fixture) {
      const last = fixture.partitions - 1;
      await publish(fixture.port, last, 0, [1, 2, 3]);
      await publish(fixture.port, last, 0, [1, 2], { context: 'feedback', type: 'Answered' });
      const account = async (through?: number) =>
        (await fixture.port.account(last, through))
          .filter(({ records }) => records > 0)
          .map(({ context, type, records }) => `${context} ${type} ${records}`)
          .sort();
      assert.deepEqual(await account(), ['feedback Answered 2', 'profile Even 1', 'profile Odd 2']);
      await fixture.reopen();
      assert.deepEqual(await account(), ['feedback Answered 2', 'profile Even 1', 'profile Odd 2']);
      assert.deepEqual(await account(4), ['feedback Answered 1', 'profile Even 1', 'profile Odd 2']);
      assert.deepEqual(await account(1), ['profile Odd 1']);
    },
  },
  ...eventLogMendingCases,
];

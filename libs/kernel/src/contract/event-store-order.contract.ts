import assert from 'node:assert/strict';
import { type Stored } from '../event.js';
import { uuid, within } from './contract.js';
import {
  everything,
  metaOf,
  noted,
  numbers,
  partitionsOf,
  taken,
  whispered,
  wholePartition,
  wholeStream,
  type EventStoreCase,
} from './notes.fixture.js';

export const eventStoreOrderCases: readonly EventStoreCase[] = [
  {
    name: 'a long stream loads in pages, oldest first, after a version',
    async run({ port }) {
      const all = Array.from({ length: 1100 }, (_, n) => n);
      for (let n = 0; n < all.length; n += 100) {
        taken(
          await port.append(
            'note-1',
            n,
            all.slice(n, n + 100).map((each) => noted(each)),
            metaOf(n),
          ),
        );
      }
      assert.deepEqual(numbers(await wholeStream(port, 'note-1')), all);
      const tail = await port.load('note-1', 1097);
      assert.deepEqual([numbers(tail.events), tail.version, tail.more], [[1097, 1098, 1099], 1100, false]);
      const end = await port.load('note-1', 1100);
      assert.deepEqual(end, { events: [], version: 1100, more: false });
    },
  },
  {
    name: 'marks are the last position taken and the last that publishes, per partition',
    async run(fixture) {
      const keys = ['a', 'b', 'c', 'd'];
      const events = keys.flatMap((key, n) => [noted(n, { key }), ...(n < 2 ? [whispered(n, { key })] : [])]);
      const outcomes = [
        await fixture.port.append('note-1', 0, events, metaOf(1)),
        await fixture.port.append('note-1', events.length, [whispered(9, { key: 'b' })], metaOf(2)),
        ...(await fixture.port.appendEach([
          { stream: 'note-2', expectedVersion: 0, events, meta: metaOf(3) },
        ])),
      ];
      const all = await everything(fixture);
      for (const [n, outcome] of outcomes.entries()) {
        const marks: Record<number, { taken: number; published: number }> = {};
        for (const event of all.filter(({ commandId }) => commandId === uuid(n + 1))) {
          const mark = (marks[event.partition] ??= { taken: 0, published: 0 });
          mark.taken = event.position;
          if (event.fact !== null) mark.published = event.position;
        }
        assert.deepEqual({ ...taken(outcome).marks }, marks);
      }
    },
  },
  {
    name: 'positions of a partition increase and pages follow them',
    async run(fixture) {
      for (let n = 0; n < 12; n++) {
        const events = Array.from({ length: 1 + (n % 4) }, (_, i) =>
          noted(n, { key: `key-${(n * 3 + i) % 5}` }),
        );
        await fixture.port.append(`note-${n}`, 0, events, metaOf(n));
      }
      for (const partition of partitionsOf(fixture)) {
        const all = await wholePartition(fixture.port, partition);
        for (const [i, { position }] of all.entries()) {
          assert.ok(position > (all[i - 1]?.position ?? 0), 'positions increase from 1');
        }
        assert.deepEqual(
          all.map((event) => event.partition),
          all.map(() => partition),
        );
        assert.equal(await fixture.port.end(partition), all.at(-1)?.position ?? 0);
        for (const [i, event] of all.entries()) {
          assert.deepEqual(await fixture.port.readPage(partition, event.position, 500), all.slice(i + 1));
        }
      }
      assert.equal((await everything(fixture)).length, 30);
    },
  },
  {
    name: 'a page holds at most its limit and ends early only at a whole commit',
    async run(fixture) {
      for (let n = 0; n < 10; n++) {
        await fixture.port.append(
          `note-${n}`,
          0,
          Array.from({ length: 3 }, () => noted(n, { key: `k${n}` })),
          metaOf(n),
        );
      }
      for (const partition of partitionsOf(fixture)) {
        const all = await wholePartition(fixture.port, partition);
        for (const limit of [1, 2, 3, 4, 7]) {
          assert.deepEqual(await wholePartition(fixture.port, partition, limit), all, `in pages of ${limit}`);
          for (let after = 0, i = 0; i < all.length;) {
            const page = await fixture.port.readPage(partition, after, limit);
            i += page.length;
            after = page.at(-1)!.position;
            if (page.length < limit && i < all.length) {
              assert.notEqual(page.at(-1)!.commandId, all[i]!.commandId, 'ends early only at a whole commit');
            }
          }
        }
      }
    },
  },
  {
    name: 'whoever has read up to a position never finds something new at or before it',
    async run(fixture) {
      const { port } = fixture;
      let writing = true;
      const readers = partitionsOf(fixture).map(async (partition) => {
        const seen: Stored[] = [];
        for (let last = false; ;) {
          const page = await port.readPage(partition, seen.at(-1)?.position ?? 0, 7);
          seen.push(...page);
          if (page.length === 0 && last) return seen;
          last = !writing;
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      await Promise.all(
        [0, 1, 2, 3].map(async (writer) => {
          for (let n = 0; n < 25; n++) {
            const events = [noted(n, { key: `k${n % 7}` }), noted(n, { key: `k${(n + writer) % 7}` })];
            await port.append(`note-${writer}`, 2 * n, events, metaOf(1000 * writer + n));
          }
        }),
      );
      writing = false;
      for (const [partition, seen] of (await Promise.all(readers)).entries()) {
        assert.deepEqual(
          seen.map(({ position }) => position),
          (await wholePartition(port, partition)).map(({ position }) => position),
        );
      }
      await fixture.reopen();
      assert.equal((await everything(fixture)).length, 200);
    },
  },
  {
    name: 'positions stay final when the store is opened again',
    async run(fixture) {
      const positions = new Map<number, number>();
      for (let n = 0; n < 6; n++) {
        await fixture.port.append(`note-${n}`, 0, [noted(n, { key: `k${n}` })], metaOf(n));
        const all = await everything(fixture);
        for (const event of all) {
          const [number] = numbers([event]) as [number];
          assert.equal(event.position, positions.get(number) ?? event.position, 'a position is final');
          if (!positions.has(number)) {
            const before = all.filter((other) => other.partition === event.partition && other !== event);
            assert.ok(
              before.every((other) => other.position < event.position),
              'what is new comes last',
            );
          }
          positions.set(number, event.position);
        }
        await fixture.reopen();
      }
      assert.equal(positions.size, 6);
    },
  },
  {
    name: 'a stream keeps its order in a partition, whatever the clocks of its writers say',
    async run(fixture) {
      const streams = ['note-1', 'note-2', 'note-3'];
      for (let n = 0; n < 6; n++) {
        for (const stream of streams) {
          const { outcome } = await fixture.port.append(stream, n, [noted(n, { key: 'k' })], metaOf(n));
          assert.equal(outcome, 'appended');
        }
        // The clock of the next writer may differ.
        await fixture.reopen();
      }
      const all = await everything(fixture);
      for (const stream of streams)
        assert.deepEqual(numbers(all.filter((event) => event.stream === stream)), [0, 1, 2, 3, 4, 5]);
    },
  },
  {
    name: 'an account counts what lies in a partition, up to and including a position, and what waits after it',
    async run(fixture) {
      for (let n = 0; n < 9; n++) {
        const key = `k${n}`;
        await fixture.port.append(
          `note-${n}`,
          0,
          [noted(n, { key }), whispered(n, { key }), noted(n, { key })],
          metaOf(n),
        );
      }
      await fixture.reopen();
      for (const partition of partitionsOf(fixture)) {
        const all = await wholePartition(fixture.port, partition);
        const count = (events: readonly Stored[]) => {
          const facts = events.filter((event) => event.fact !== null).length;
          return { recorded: events.length, facts, privateOnly: events.length - facts };
        };
        assert.deepEqual({ ...(await fixture.port.account(partition)) }, count(all));
        for (const [i, { position }] of all.entries()) {
          assert.deepEqual(
            { ...(await fixture.port.account(partition, position)) },
            count(all.slice(0, i + 1)),
          );
          assert.equal(await fixture.port.waiting(partition, position), all.length - i - 1);
        }
        assert.equal(await fixture.port.waiting(partition, 0), all.length);
      }
    },
  },
  {
    name: 'an empty partition ends at 0',
    async run(fixture) {
      for (const partition of partitionsOf(fixture)) {
        assert.equal(await fixture.port.end(partition), 0);
        assert.deepEqual(await fixture.port.readPage(partition, 0, 10), []);
        assert.deepEqual(
          { ...(await fixture.port.account(partition)) },
          { recorded: 0, facts: 0, privateOnly: 0 },
        );
      }
      assert.equal(fixture.port.partitions, fixture.partitions);
    },
  },
  {
    name: 'changed resolves when something was appended since the last call, after a moment, or when it is aborted',
    async run({ port }) {
      const stop = new AbortController();
      const waiting = port.changed(stop.signal);
      await port.append('note-1', 0, [noted(1)], metaOf(1));
      await within('changed, called before the append', waiting);
      await port.append('note-1', 1, [noted(2)], metaOf(2));
      await within('changed, called after the append', port.changed(stop.signal));
      await within('changed, when nothing happens', port.changed(stop.signal), 10_000);
      const aborted = port.changed(stop.signal);
      stop.abort();
      await within('changed, when aborted', aborted, 2000);
      await within('changed, called when aborted', port.changed(stop.signal), 2000);
    },
  },
];

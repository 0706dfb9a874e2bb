import assert from 'node:assert/strict';
import { limits, type AnyEvent, type Meta, type Stored } from '../event.js';
import { partitionOf } from '../partition.js';
import { uuid } from './contract.js';
import { eventStoreOrderCases } from './event-store-order.contract.js';
import { eventStoreUnreadableCases } from './event-store-unreadable.contract.js';
import {
  everything,
  metaOf,
  noted,
  numbers,
  refused,
  taken,
  versions,
  whispered,
  wholeStream,
  at,
  type EventStoreCase,
  type NoteBody,
} from './notes.fixture.js';

export const eventStoreContract: readonly EventStoreCase[] = [
  {
    name: 'a stream that does not exist is empty',
    async run({ port }) {
      assert.deepEqual(await port.load('note-none'), { events: [], version: 0, more: false });
      assert.deepEqual(await port.load('note-none', 4), { events: [], version: 4, more: false });
    },
  },
  {
    name: 'a commit is stored whole',
    async run({ port }) {
      const { version } = taken(
        await port.append('note-1', 0, [noted(1), whispered(2), noted(3)], metaOf(1)),
      );
      assert.equal(version, 3);
      assert.deepEqual(numbers(await wholeStream(port, 'note-1')), [1, 2, 3]);
    },
  },
  {
    name: 'a commit is durable when the promise resolves',
    async run(fixture) {
      await fixture.port.append('note-1', 0, [noted(1), noted(2)], metaOf(1));
      await fixture.port.appendEach([
        { stream: 'note-2', expectedVersion: 0, events: [noted(3)], meta: metaOf(2) },
      ]);
      const [before, all] = [await wholeStream(fixture.port, 'note-1'), await everything(fixture)];
      await fixture.reopen();
      assert.deepEqual(await wholeStream(fixture.port, 'note-1'), before);
      assert.deepEqual(numbers(await wholeStream(fixture.port, 'note-2')), [3]);
      assert.deepEqual(await everything(fixture), all);
      assert.equal(all.length, 3);
    },
  },
  {
    name: 'a commit is 1 to 100 events: more are refused with COMMIT_TOO_LARGE and none is nothing to store',
    async run({ port }) {
      const many = Array.from({ length: limits.eventsPerCommitMax }, (_, n) => noted(n));
      await refused(port.append('note-1', 0, [...many, noted(100)], metaOf(1)), 'COMMIT_TOO_LARGE');
      await assert.rejects(port.append('note-1', 0, [], metaOf(2)));
      assert.deepEqual(await wholeStream(port, 'note-1'), []);
      taken(await port.append('note-1', 0, many, metaOf(3)));
      assert.equal((await wholeStream(port, 'note-1')).length, 100);
    },
  },
  {
    name: 'a commit over 4 MiB is refused with COMMIT_TOO_LARGE',
    async run({ port }) {
      const text = 'x'.repeat(60 * 1024);
      const many = Array.from({ length: 80 }, (_, n) => noted(n, { text }));
      await refused(port.append('note-1', 0, many, metaOf(1)), 'COMMIT_TOO_LARGE');
      assert.deepEqual(await wholeStream(port, 'note-1'), []);
      taken(await port.append('note-1', 0, many.slice(0, 60), metaOf(2)));
    },
  },
  {
    name: 'a body over 64 KiB, private or published, is refused with EVENT_TOO_LARGE',
    async run({ port }) {
      const over = limits.bodyBytesMax + 1;
      for (const [n, event] of [
        noted(1, { text: 'x'.repeat(over) }),
        noted(1, { text: 'é'.repeat(over / 2) }),
        noted(1, { published: over }),
        { ...noted(1), personal: { name: 'x'.repeat(over) } },
      ].entries()) {
        await refused(port.append('note-1', 0, [noted(0), event], metaOf(n)), 'EVENT_TOO_LARGE');
      }
      assert.deepEqual(await wholeStream(port, 'note-1'), []);
      taken(
        await port.append(
          'note-1',
          0,
          [noted(1, { text: 'x'.repeat(limits.bodyBytesMax - 1000) })],
          metaOf(9),
        ),
      );
    },
  },
  {
    name: 'versions of a stream are dense from 1',
    async run({ port }) {
      assert.equal(taken(await port.append('note-1', 0, [noted(1), noted(2)], metaOf(1))).version, 2);
      assert.equal(taken(await port.append('note-2', 0, [noted(9)], metaOf(2))).version, 1);
      assert.equal(taken(await port.append('note-1', 2, [noted(3)], metaOf(3))).version, 3);
      assert.equal(taken(await port.append('note-1', 3, [noted(4), noted(5)], metaOf(4))).version, 5);
      assert.deepEqual(versions(await wholeStream(port, 'note-1')), [1, 2, 3, 4, 5]);
      assert.deepEqual(numbers(await wholeStream(port, 'note-1')), [1, 2, 3, 4, 5]);
    },
  },
  {
    name: 'an expected version that is not the version of the stream is a conflict and stores nothing',
    async run(fixture) {
      const { port } = fixture;
      await port.append('note-1', 0, [noted(1), noted(2)], metaOf(1));
      for (const [n, expected] of [0, 1, 3, 99].entries()) {
        const outcome = await port.append('note-1', expected, [noted(8), noted(9)], metaOf(10 + n));
        assert.deepEqual(outcome, { outcome: 'conflict' }, `at ${expected}`);
      }
      assert.deepEqual(await port.append('note-new', 1, [noted(8)], metaOf(20)), { outcome: 'conflict' });
      assert.deepEqual(numbers(await wholeStream(port, 'note-1')), [1, 2]);
      assert.deepEqual(await wholeStream(port, 'note-new'), []);
      await fixture.reopen();
      assert.equal((await everything(fixture)).length, 2);
    },
  },
  {
    name: 'of many appenders at one version exactly one wins',
    async run(fixture) {
      const { port } = fixture;
      for (const version of [0, 2]) {
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, n) => {
            const [events, meta] = [[noted(n), noted(n)], metaOf(100 * version + n)];
            return n % 2 === 0
              ? port.append('note-1', version, events, meta)
              : port
                  .appendEach([{ stream: 'note-1', expectedVersion: version, events, meta }])
                  .then((each) => each[0]!);
          }),
        );
        const winners = outcomes.flatMap(({ outcome }, n) => (outcome === 'appended' ? [n] : []));
        assert.equal(winners.length, 1, 'one winner');
        const stored = (await wholeStream(port, 'note-1')).slice(version);
        assert.deepEqual(numbers(stored), [winners[0], winners[0]], 'nothing of the others is stored');
      }
      assert.equal((await everything(fixture)).length, 4);
    },
  },
  {
    name: 'the same command id at the same expected version answers as it did the first time and stores nothing',
    async run(fixture) {
      const events = [noted(1, { key: 'one' }), whispered(2, { key: 'two' }), noted(3, { key: 'three' })];
      const first = taken(await fixture.port.append('note-1', 0, events, metaOf(1)));
      assert.deepEqual(await fixture.port.append('note-1', 0, events, metaOf(1)), first);
      await fixture.port.append('note-1', 3, [noted(4)], metaOf(2));
      await fixture.reopen();
      assert.deepEqual(await fixture.port.append('note-1', 0, events, metaOf(1)), first);
      const commit = { stream: 'note-1', expectedVersion: 0, events, meta: metaOf(1) };
      assert.deepEqual(await fixture.port.appendEach([commit, commit]), [first, first]);
      const both = await Promise.all(
        [1, 2, 3].map(() => fixture.port.append('note-1', 4, [noted(5)], metaOf(3))),
      );
      assert.deepEqual(both, [both[0], both[0], both[0]]);
      assert.deepEqual(numbers(await wholeStream(fixture.port, 'note-1')), [1, 2, 3, 4, 5]);
      assert.equal((await everything(fixture)).length, 5);
    },
  },
  {
    name: 'the same command id at another expected version or stream is judged by that',
    async run({ port }) {
      await port.append('note-1', 0, [noted(1)], metaOf(1));
      assert.equal((await port.append('note-2', 1, [noted(2)], metaOf(2))).outcome, 'conflict');
      assert.equal((await port.append('note-1', 2, [noted(2)], metaOf(1))).outcome, 'conflict');
      taken(await port.append('note-1', 1, [noted(2)], metaOf(2)));
      taken(await port.append('note-2', 0, [noted(3)], metaOf(2)));
      assert.deepEqual(numbers(await wholeStream(port, 'note-1')), [1, 2]);
      assert.deepEqual(numbers(await wholeStream(port, 'note-2')), [3]);
    },
  },
  {
    name: 'key, partition, published body and envelope are fixed at append and read back as they were',
    async run(fixture) {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const meta: Meta = { ...metaOf(7), correlationId: 'trace-1', causationId: uuid(3), traceparent };
      const time = '2025-12-31T23:30:00+02:00';
      const text = 'Ünïcødé "quoted" \\ \u2028 😀 العربية';
      await fixture.port.append('note-1', 0, [noted(1, { key: 'rëader', time, text }), whispered(2)], meta);
      await fixture.port.append('note-1', 2, [noted(3)], metaOf(8));
      for (const opening of ['first', 'reopened']) {
        const [one, two, three] = (await wholeStream(fixture.port, 'note-1')) as [Stored, Stored, Stored];
        const { id, position, ...rest } = one;
        assert.deepEqual(
          rest,
          {
            type: 'Noted',
            data: { n: 1, key: 'rëader', time, text },
            stream: 'note-1',
            version: 1,
            key: 'rëader',
            partition: partitionOf('rëader', fixture.partitions),
            time,
            recordedAt: at,
            commandId: uuid(7),
            actor: 'contract',
            correlationId: 'trace-1',
            causationId: uuid(3),
            traceparent,
            fact: { type: 'NoteTaken', schema: 3, data: { n: 1 }, time },
          },
          opening,
        );
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'a UUIDv7');
        assert.equal(new Set([id, two.id, three.id]).size, 3);
        assert.ok(Number.isSafeInteger(position) && position >= 1);
        assert.equal(two.fact, null);
        assert.equal(two.key, 'note-1');
        assert.equal(two.partition, partitionOf('note-1', fixture.partitions));
        assert.equal(two.time, at, 'without a time of its own it happened when it was recorded');
        assert.deepEqual(three.fact, { type: 'NoteTaken', schema: 3, data: { n: 3 } });
        for (const absent of ['correlationId', 'causationId', 'traceparent', 'personal'])
          assert.ok(!(absent in three), absent);
        const byId = new Map((await everything(fixture)).map((event) => [event.id, event]));
        for (const event of [one, two, three])
          assert.deepEqual(byId.get(event.id), event, 'the same by either way');
        await fixture.reopen();
      }
    },
  },
  {
    name: 'a personal part reads back as it was and is encrypted at rest',
    async run(fixture) {
      const personal = { name: 'Zuleikha Quartermaine', tags: ['ä', null, 1.5] };
      const named = (n: number, more?: Partial<NoteBody>): AnyEvent => ({ ...noted(n, more), personal });
      await fixture.port.append(
        'note-1',
        0,
        [named(1), noted(2), named(3, { subject: 'reader-1' })],
        metaOf(1),
      );
      await fixture.port.append('note-2', 0, [named(4, { subject: 'reader-1' })], metaOf(2));
      for (const opening of ['first', 'reopened']) {
        const stored = [
          ...(await wholeStream(fixture.port, 'note-1')),
          ...(await wholeStream(fixture.port, 'note-2')),
        ];
        assert.deepEqual(
          stored.map((event) => event.personal),
          [personal, undefined, personal, personal],
          opening,
        );
        for (const event of await everything(fixture)) {
          assert.deepEqual(event.personal, numbers([event])[0] === 2 ? undefined : personal, opening);
        }
        await fixture.reopen();
      }
      const bytes = await fixture.atRest();
      assert.ok(bytes.includes('note-1'), 'these are the bytes of the store');
      assert.ok(!bytes.includes('Zuleikha') && !bytes.includes('Quartermaine'), 'no personal text at rest');
    },
  },
  {
    name: 'commits of appendEach are judged by themselves, in order, and answer at their index',
    async run(fixture) {
      const { port } = fixture;
      assert.deepEqual(await port.appendEach([]), []);
      await port.append('note-1', 0, [noted(1)], metaOf(1));
      const commit = (stream: string, expectedVersion: number, n: number) => ({
        stream,
        expectedVersion,
        events: [noted(n), noted(n)],
        meta: metaOf(n),
      });
      const outcomes = await port.appendEach([
        commit('note-2', 0, 2),
        commit('note-1', 0, 3),
        commit('note-2', 2, 4),
        commit('note-1', 1, 5),
        commit('note-2', 2, 6),
        commit('note-3', 0, 7),
        commit('note-2', 0, 2),
      ]);
      assert.deepEqual(
        outcomes.map((each) => (each.outcome === 'appended' ? each.version : each.outcome)),
        [2, 'conflict', 4, 3, 'conflict', 2, 2],
      );
      assert.deepEqual(outcomes[6], outcomes[0]);
      await fixture.reopen();
      assert.deepEqual(numbers(await wholeStream(fixture.port, 'note-1')), [1, 5, 5]);
      assert.deepEqual(numbers(await wholeStream(fixture.port, 'note-2')), [2, 2, 4, 4]);
      assert.deepEqual(numbers(await wholeStream(fixture.port, 'note-3')), [7, 7]);
    },
  },
  ...eventStoreOrderCases,
  ...eventStoreUnreadableCases,
];

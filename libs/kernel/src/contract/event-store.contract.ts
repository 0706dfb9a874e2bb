import assert from 'node:assert/strict';
import { limits, type AnyEvent, type Meta, type Publish, type Stored } from '../event.js';
import type { Appended, EventStore } from '../event-store.js';
import { partitionOf } from '../partition.js';
import { Refusal } from '../refusal.js';
import { uuid, within, type ContractCase, type Fixture } from './contract.js';

/** Its store is made with `contractPublish`. */
export interface EventStoreFixture extends Fixture<EventStore> {
  /** Every byte that the store keeps. */
  atRest(): Promise<Buffer>;
}

type Case = ContractCase<EventStoreFixture>;

export interface NoteBody {
  readonly n: number;
  /** Whom it is about; the stream when absent. */
  readonly key?: string;
  readonly subject?: string;
  readonly time?: string;
  readonly text?: string;
  /** Length of the published text. */
  readonly published?: number;
}

/** `Noted` publishes a fact, `Whispered` does not. */
export const contractPublish: Publish<any> = (event: AnyEvent, stream) => {
  const { n, key, subject, time, published } = event.data as NoteBody;
  const text = published === undefined ? {} : { text: 'x'.repeat(published) };
  return {
    key: key ?? stream,
    ...(subject === undefined ? {} : { subject }),
    fact:
      event.type === 'Whispered'
        ? null
        : { type: 'NoteTaken', schema: 3, data: { n, ...text }, ...(time === undefined ? {} : { time }) },
  };
};

export const noted = (n: number, more: Partial<NoteBody> = {}): AnyEvent => ({
  type: 'Noted',
  data: { n, ...more },
});
export const whispered = (n: number, more: Partial<NoteBody> = {}): AnyEvent => ({
  ...noted(n, more),
  type: 'Whispered',
});

const at = '2026-03-01T10:00:00.000Z';
/** Of command `n`. */
export const metaOf = (n: number): Meta => ({ commandId: uuid(n), at, actor: 'contract' });

export async function wholeStream(store: EventStore, stream: string): Promise<Stored[]> {
  const events: Stored[] = [];
  for (let version = 0; ;) {
    const page = await store.load(stream, version);
    events.push(...page.events);
    if (!page.more) return events;
    assert.ok(page.version > version, 'a page leads on');
    version = page.version;
  }
}

export async function wholePartition(store: EventStore, partition: number, limit = 500): Promise<Stored[]> {
  const events: Stored[] = [];
  for (let after = 0; ;) {
    const page = await store.readPage(partition, after, limit);
    assert.ok(page.length <= limit, `a page of at most ${limit}`);
    if (page.length === 0) return events;
    events.push(...page);
    assert.ok(page.at(-1)!.position > after, 'a page leads on');
    after = page.at(-1)!.position;
  }
}

export const partitionsOf = (fixture: Fixture<unknown>) =>
  Array.from({ length: fixture.partitions }, (_, p) => p);

const numbers = (events: readonly Stored[]) => events.map((event) => (event.data as NoteBody).n);
const versions = (events: readonly Stored[]) => events.map((event) => event.version);

async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(
    promise,
    (error) => error instanceof Refusal && error.code === code,
    `refused with ${code}`,
  );
}

function taken(appended: Appended): Extract<Appended, { outcome: 'appended' }> {
  if (appended.outcome !== 'appended') assert.fail(`appended, not ${appended.outcome}`);
  return appended;
}

/** Of all partitions, in the order of streams. */
async function everything(fixture: EventStoreFixture): Promise<Stored[]> {
  return (await Promise.all(partitionsOf(fixture).map((p) => wholePartition(fixture.port, p)))).flat();
}

export const eventStoreContract: readonly Case[] = [
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
      const meta: Meta = { ...metaOf(7), correlationId: 'trace-1', causationId: uuid(3) };
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
        assert.ok(!('correlationId' in three) && !('causationId' in three) && !('personal' in three));
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
    name: 'an account counts what lies in a partition, up to and including a position',
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
        }
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

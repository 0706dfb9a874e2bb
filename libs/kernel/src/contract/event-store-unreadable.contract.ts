import assert from 'node:assert/strict';
import type { AnyEvent, OutboxEntry, Stored } from '../event.js';
import { damagedType } from '../write/commit-body.js';
import { uuid } from './contract.js';
import {
  everything,
  metaOf,
  noted,
  numbers,
  partitionsOf,
  refused,
  taken,
  whispered,
  wholeOutbox,
  wholeStream,
  type EventStoreCase,
  type EventStoreFixture,
  type NoteBody,
} from './notes.fixture.js';

const personal = { name: 'Zuleikha Quartermaine' };
const named = (n: number, more: Partial<NoteBody> = {}): AnyEvent => ({ ...noted(n, more), personal });
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** The length of a wrapped key. */
const foreignKey = Buffer.alloc(60, 5);

async function outbox({ port, partitions }: EventStoreFixture, limit?: number): Promise<OutboxEntry[]> {
  const all = Array.from({ length: partitions }, (_, partition) => wholeOutbox(port, partition, limit));
  return (await Promise.all(all)).flat();
}

function inOrder<E extends { readonly stream: string; readonly version: number }>(events: readonly E[]): E[] {
  return [...events].sort((a, b) => a.stream.localeCompare(b.stream) || a.version - b.version);
}

/**
 * Records four streams, each about a different reader and sealed for that reader, then damages the key or the text of
 * three.
 */
async function harmed(fixture: EventStoreFixture): Promise<void> {
  for (const n of [1, 2, 3, 4]) {
    const reader = { key: `reader-${n}`, subject: `reader-${n}` };
    const events = [named(n, reader), whispered(n, reader)];
    taken(await fixture.port.append(`note-${n}`, 0, events, metaOf(n)));
  }
  await fixture.replaceKey('reader-1', null);
  await fixture.replaceKey('reader-2', foreignKey);
  await fixture.rewrite('note-3', (body) => body.replace(/(\["reader-3",")..../, '$1AAAA'));
}

export const eventStoreUnreadableCases: readonly EventStoreCase[] = [
  {
    name: 'a batch of more subjects than the store remembers keys opens again',
    async run(fixture) {
      const commit = (stream: string, subject: string, n: number) => ({
        stream: `${stream}-${n}`,
        expectedVersion: 0,
        events: [named(n, { subject })],
        meta: metaOf(n),
      });
      const once = Array.from({ length: 50 }, (_, n) => commit('once', `reader-${n}`, n));
      const twice = Array.from({ length: 50 }, (_, n) => commit('twice', `friend-${n % 25}`, n));
      for (const commits of [once, twice])
        for (const appended of await fixture.port.appendEach(commits)) taken(appended);
      for (const opening of ['first', 'reopened']) {
        const events = await everything(fixture);
        assert.equal(events.length, 100);
        for (const event of events) assert.deepEqual(event.personal, personal, `${event.stream}, ${opening}`);
        assert.deepEqual(fixture.port.unreadable.causes, []);
        await fixture.reopen();
      }
    },
  },
  {
    name: 'what cannot be decrypted reads as null, and is counted by its cause',
    async run(fixture) {
      await harmed(fixture);
      await fixture.reopen();
      const expected = [null, null, null, personal];
      const loaded: Stored[] = [];
      for (const n of [1, 2, 3, 4]) loaded.push(...(await wholeStream(fixture.port, `note-${n}`)));
      assert.deepEqual(fixture.port.unreadable.causes, ['no-key', 'foreign-key', 'damaged-part']);
      for (const events of [loaded, inOrder(await everything(fixture))]) {
        const sealed = events.filter(({ type }) => type === 'Noted');
        assert.deepEqual(numbers(sealed), [1, 2, 3, 4]);
        assert.deepEqual(
          sealed.map((event) => event.personal),
          expected,
        );
      }
    },
  },
  {
    name: 'a destroyed key opens nothing any more, and other keys are as they were',
    async run(fixture) {
      const noteOf = (n: number, subject: string) =>
        fixture.port.append(`note-${n}`, 0, [named(n, { subject })], metaOf(n));
      for (const n of [1, 2]) taken(await noteOf(n, `reader-${n}`));
      taken(await noteOf(3, 'reader-1'));
      for (const subjects of [['reader-1', 'nobody'], ['reader-1'], []]) {
        await fixture.port.destroyKeys(subjects);
      }
      for (const opening of ['first', 'reopened']) {
        const events = inOrder(await everything(fixture));
        const read = events.map((event) => event.personal);
        assert.deepEqual(read, [null, personal, null], opening);
        await fixture.reopen();
      }
      taken(await noteOf(4, 'reader-1'));
      const events = inOrder(await everything(fixture));
      assert.deepEqual(
        events.map((event) => event.personal),
        [null, personal, null, personal],
      );
    },
  },
  {
    name: 'nothing is sealed under a stored key that does not open, and nothing else is held up',
    async run(fixture) {
      const { port } = fixture;
      taken(await port.append('note-1', 0, [named(1, { subject: 'reader-1' })], metaOf(1)));
      await fixture.replaceKey('reader-1', foreignKey);
      await fixture.reopen();
      const sealed = [named(2, { subject: 'reader-1' })];
      await refused(fixture.port.append('note-1', 1, sealed, metaOf(2)), 'KEY_UNUSABLE');
      taken(await fixture.port.append('note-1', 1, [noted(3)], metaOf(3)));
      taken(await fixture.port.append('note-2', 0, [named(4, { subject: 'reader-2' })], metaOf(4)));
      assert.deepEqual(numbers(inOrder(await everything(fixture))), [1, 3, 4]);
    },
  },
  {
    name: 'an outbox holds what pages do but for the content, whatever became of the keys',
    async run(fixture) {
      await harmed(fixture);
      await fixture.reopen();
      const entries = await outbox(fixture);
      assert.deepEqual(fixture.port.unreadable.causes, [], 'nothing was opened');
      const bare = (await everything(fixture)).map((event) => {
        const content = ['type', 'data', 'personal'];
        return Object.fromEntries(Object.entries(event).filter(([name]) => !content.includes(name)));
      });
      assert.deepEqual(entries, bare);
      assert.equal(entries.length, 8);
      for (const limit of [1, 3])
        assert.deepEqual(await outbox(fixture, limit), entries, `pages of ${limit}`);
    },
  },
  {
    name: 'a damaged event reads as one, with its key, and those around it as they were',
    async run(fixture) {
      const key = 'rëader "1"';
      const events = [noted(1, { key }), noted(2, { key }), whispered(3, { key }), named(4, { key })];
      const meta = { ...metaOf(1), correlationId: 'trace-1', causationId: uuid(3), traceparent };
      taken(await fixture.port.append('note-1', 0, events, meta));
      taken(await fixture.port.append('note-2', 0, [noted(5)], metaOf(2)));
      const before = inOrder(await everything(fixture));
      const accounts = () =>
        Promise.all(partitionsOf(fixture).map(async (p) => ({ ...(await fixture.port.account(p)) })));
      const counted = await accounts();
      await fixture.rewrite('note-1', (body) => body.replace('"n":2', '"n":').replace('"n":3', '"n:3'));
      await fixture.reopen();
      const after = inOrder(await everything(fixture));
      for (const [i, event] of after.entries()) {
        if (i !== 1 && i !== 2) assert.deepEqual(event, before[i], `event ${i + 1}`);
        else {
          const { id, position, version } = before[i]!;
          assert.deepEqual([event.type, event.data, event.key], [damagedType, {}, key]);
          assert.deepEqual([event.id, event.position, event.version], [id, position, version]);
        }
      }
      const entries = inOrder(await outbox(fixture));
      assert.deepEqual(
        entries.map(({ damaged = false, fact }) => [damaged, fact?.type ?? null]),
        [
          [false, 'NoteTaken'],
          [true, damagedType],
          [true, null],
          [false, 'NoteTaken'],
          [false, 'NoteTaken'],
        ],
      );
      assert.deepEqual(await accounts(), counted);
      assert.deepEqual(fixture.port.unreadable.causes, ['damaged-event']);
      await refused(fixture.port.load('note-1'), 'STREAM_DAMAGED');
      assert.deepEqual(numbers(await wholeStream(fixture.port, 'note-2')), [5]);
      taken(await fixture.port.append('note-2', 1, [noted(6)], metaOf(3)));
    },
  },
  {
    name: 'events of which nothing can be read keep their places, and count for their stream',
    async run(fixture) {
      taken(await fixture.port.append('note-1', 0, [noted(1), whispered(2)], metaOf(1)));
      taken(await fixture.port.append('note-2', 0, [noted(3, { key: 'note-1' })], metaOf(2)));
      const positions = (await everything(fixture)).map(({ position }) => position);
      for (const rest of ['', '[0,0]', 'null', '{']) {
        await fixture.rewrite('note-1', () => rest);
        await fixture.reopen();
        const after = await everything(fixture);
        assert.deepEqual(
          after.map(({ position }) => position),
          positions,
        );
        assert.deepEqual(
          after.map(({ type, key }) => [type, key]),
          [
            [damagedType, 'note-1'],
            [damagedType, 'note-1'],
            ['Noted', 'note-1'],
          ],
        );
        await refused(fixture.port.load('note-1'), 'STREAM_DAMAGED');
        assert.equal((await outbox(fixture)).filter(({ fact }) => fact !== null).length, 2);
      }
    },
  },
];

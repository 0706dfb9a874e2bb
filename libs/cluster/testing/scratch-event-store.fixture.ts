import assert from 'node:assert/strict';
import type { AnyEvent, EventStore, Meta, Publish, Stored } from '@readership/kernel';
import { type Database } from '../src/mongo.js';
import { eventCollections, prepareEventStore } from '../src/event-store/event-documents.js';
import { MongoEventStore } from '../src/event-store/mongo-event-store.js';
import { prepareSettings } from '../src/store-settings.js';
import { scratchDatabase, type ScratchDatabase } from './scratch-database.fixture.js';

const streamsLoaded = 20;
export const testKey = Buffer.alloc(32, 7);

/** A database of its own, prepared for an event store. */
export interface ScratchEventStore extends ScratchDatabase {
  /** Every document of the event store. */
  bytes(): Promise<Buffer>;
  /** Replaces a subject's stored key; `null` destroys it. */
  replaceKey(subject: string, wrapped: Buffer | null): Promise<void>;
  /** Changes the text of a stream's events in commits and pages. */
  rewrite(stream: string, change: (body: string) => string): Promise<void>;
}

export async function scratchEventStore(partitions: number): Promise<ScratchEventStore> {
  const scratch = await scratchDatabase('store');
  const { database } = scratch;
  await prepareSettings(database, partitions);
  await prepareEventStore(database);
  return {
    ...scratch,
    bytes: async () => {
      const names = ['commits', 'pages', 'keys', 'settings'];
      const all = await Promise.all(names.map((each) => database.collection(each).find({}).toArray()));
      return Buffer.from(JSON.stringify(all));
    },
    replaceKey: async (subject, wrapped) => {
      const { keys } = eventCollections(database);
      if (wrapped === null) await keys.deleteOne({ _id: subject });
      else await keys.updateOne({ _id: subject }, { $set: { wrapped: wrapped.toString('base64') } });
    },
    rewrite: async (stream, change) => {
      const { commits, pages } = eventCollections(database);
      for (const { _id, parts } of await commits.find({ stream }).toArray()) {
        const rewritten = parts.map((part) => ({ ...part, body: change(part.body) }));
        await commits.updateOne({ _id }, { $set: { parts: rewritten } });
      }
      for (const { _id, entries } of await pages.find({}).toArray()) {
        const rewritten = entries.map((entry) =>
          entry.stream === stream ? { ...entry, body: change(entry.body) } : entry,
        );
        await pages.updateOne({ _id }, { $set: { entries: rewritten } });
      }
    },
  };
}

/** Publishes every event. Its key is what the event says, else its stream. */
export const publishTold: Publish<any> = (event: AnyEvent, stream) => ({
  key: (event.data as { key?: string }).key ?? stream,
  fact: { type: 'Told', schema: 1, data: {} },
});

export const told = (n: number, key?: string): AnyEvent => ({
  type: 'Told',
  data: { n, ...(key === undefined ? {} : { key }) },
});

/** The metadata of command `name`. */
export const metaOf = (name: string): Meta => ({
  commandId: name,
  at: '2026-03-01T10:00:00.000Z',
  actor: 'test',
});

/** All events of a partition, read in pages of `limit`. */
export async function wholePartition(store: EventStore, partition: number, limit = 100): Promise<Stored[]> {
  const events: Stored[] = [];
  for (;;) {
    const page = await store.readPage(partition, events.at(-1)?.position ?? 0, limit);
    if (page.length === 0) return events;
    events.push(...page);
  }
}

/**
 * Checks a database that nobody writes to, with a new store: each stream is complete, every event is in its partition
 * once and in the order of its stream, and every commit of `acknowledged` is there.
 */
export async function expectConsistent(
  database: Database,
  partitions: number,
  acknowledged: Iterable<string>,
): Promise<Stored[]> {
  const store = new MongoEventStore(database, publishTold, { partitions, masterKey: testKey });
  const all: Stored[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const events = await wholePartition(store, partition);
    const versions = new Map<string, number>();
    let position = 0;
    for (const event of events) {
      assert.equal(event.partition, partition);
      assert.ok(event.position > position, 'positions increase');
      position = event.position;
      assert.ok(
        event.version > (versions.get(event.stream) ?? 0),
        `${event.stream} is in the order of its versions`,
      );
      versions.set(event.stream, event.version);
    }
    assert.deepEqual(await store.account(partition), {
      recorded: events.length,
      facts: events.length,
      privateOnly: 0,
    });
    assert.equal(await store.end(partition), position);
    all.push(...events);
  }
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'no event is doubled');
  const streams = new Map<string, Stored[]>();
  for (const event of all) {
    const events = streams.get(event.stream) ?? [];
    events.push(event);
    streams.set(event.stream, events);
  }
  for (const events of streams.values()) events.sort((a, b) => a.version - b.version);
  for (const [stream, events] of streams) {
    const dense = events.map((_, i) => i + 1);
    assert.deepEqual(
      events.map(({ version }) => version),
      dense,
      `${stream} is whole`,
    );
  }
  for (const [stream, events] of [...streams].slice(0, streamsLoaded)) {
    const loaded: Stored[] = [];
    for (let more = true; more;) {
      const page = await store.load(stream, loaded.length);
      loaded.push(...page.events);
      more = page.more;
    }
    assert.deepEqual(loaded, events);
  }
  const commits = eventCollections(database).commits.find({}, { projection: { stream: 1 } });
  const stored = [...new Set((await commits.toArray()).map(({ stream }) => stream))];
  assert.deepEqual(new Set(stored), new Set(streams.keys()));
  const commands = new Set(all.map(({ commandId }) => commandId));
  for (const command of acknowledged) assert.ok(commands.has(command), `${command} was acknowledged`);
  return all;
}

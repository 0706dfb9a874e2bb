// The event store against a bare loop over libsql that stores the same bytes under the same keys, with prepared
// statements, WAL and synchronous=FULL.
// usage: node tools/dist/bench/store.js [--rounds N]
import { fileAdapters } from '@readership/embedded';
import { fold, type AnyEvent, type Decider, type EventStore, type Publish } from '@readership/kernel';
import { randomBytes, randomUUID } from 'node:crypto';
import Database from 'libsql';
import { join } from 'node:path';
import { compare, header, inFolder, perSecond } from './measure.js';

const singles = 2_000;
const batched = 20_000;
const perTransaction = 500;
const streams = 1_000;
const eventsPerStream = 20;

type Counted = { type: 'Counted'; data: { by: number; note: string } };
const event: Counted = { type: 'Counted', data: { by: 1, note: 'x'.repeat(120) } };
const publish: Publish<AnyEvent> = (_event, stream) => ({ key: stream, fact: null });
const counter: Decider<number, never, Counted> = {
  category: 'counter',
  initial: 0,
  decide: () => [],
  evolve: (sum, { data }) => sum + data.by,
};
const meta = () => ({ commandId: randomUUID(), at: '2024-03-05T14:30:00.000Z', actor: 'bench' });

async function withStore<T>(work: (store: EventStore) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    const adapters = await fileAdapters({
      folder,
      masterKey: randomBytes(32),
      cardKey: randomBytes(32),
      contexts: [{ name: 'bench' }],
    });
    try {
      return await work(adapters.eventStore('bench', publish));
    } finally {
      await adapters.close();
    }
  });
}

function bare(folder: string) {
  const db = new Database(join(folder, 'bare.db'));
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
  db.exec(
    'CREATE TABLE events (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE(stream, version))',
  );
  return db;
}
const row = (stream: string, version: number) =>
  [
    stream,
    version,
    JSON.stringify([{ ...event, id: 'e', key: stream, at: '2024-03-05T14:30:00.000Z', actor: 'bench' }]),
  ] as const;

header();
await compare(
  'single durable append',
  0.5,
  () =>
    withStore((store) =>
      perSecond(singles, async () => {
        for (let i = 0; i < singles; i++) await store.append(`counter-${i}`, 0, [event], meta());
      }),
    ),
  () =>
    inFolder(async (folder) => {
      const db = bare(folder);
      const insert = db.prepare('INSERT INTO events (stream, version, body) VALUES (?, ?, ?)');
      const speed = await perSecond(singles, () => {
        for (let i = 0; i < singles; i++) insert.run([...row(`counter-${i}`, 1)]);
      });
      db.close();
      return speed;
    }),
);
await compare(
  `append in batches of ${perTransaction}`,
  0.65,
  () =>
    withStore((store) =>
      perSecond(batched, async () => {
        for (let i = 0; i < batched; i += perTransaction) {
          await store.appendEach(
            Array.from({ length: perTransaction }, (_, at) => ({
              stream: `counter-${i + at}`,
              expectedVersion: 0,
              events: [event],
              meta: meta(),
            })),
          );
        }
      }),
    ),
  () =>
    inFolder(async (folder) => {
      const db = bare(folder);
      const insert = db.prepare('INSERT INTO events (stream, version, body) VALUES (?, ?, ?)');
      const speed = await perSecond(batched, () => {
        for (let i = 0; i < batched; i += perTransaction) {
          db.exec('BEGIN IMMEDIATE');
          for (let at = 0; at < perTransaction; at++) insert.run([...row(`counter-${i + at}`, 1)]);
          db.exec('COMMIT');
        }
      });
      db.close();
      return speed;
    }),
);
await compare(
  `load and fold a stream of ${eventsPerStream}`,
  0.75,
  () =>
    withStore(async (store) => {
      for (let i = 0; i < streams; i++) {
        const commits = Array.from({ length: eventsPerStream }, (_, at) => ({
          stream: `counter-${i}`,
          expectedVersion: at,
          events: [event],
          meta: meta(),
        }));
        await store.appendEach(commits);
      }
      return perSecond(streams, async () => {
        for (let i = 0; i < streams; i++) {
          const { state } = await fold(store, counter, String(i));
          if (state !== eventsPerStream) throw new Error('lost an event');
        }
      });
    }),
  () =>
    inFolder(async (folder) => {
      const db = bare(folder);
      const insert = db.prepare('INSERT INTO events (stream, version, body) VALUES (?, ?, ?)');
      for (let i = 0; i < streams; i++) {
        db.exec('BEGIN IMMEDIATE');
        for (let at = 1; at <= eventsPerStream; at++) insert.run([...row(`counter-${i}`, at)]);
        db.exec('COMMIT');
      }
      const select = db.prepare('SELECT version, body FROM events WHERE stream = ? ORDER BY version');
      const speed = await perSecond(streams, () => {
        for (let i = 0; i < streams; i++) {
          let sum = 0;
          for (const { body } of select.all([`counter-${i}`]) as { body: string }[]) {
            for (const { data } of JSON.parse(body) as Counted[]) sum += data.by;
          }
          if (sum !== eventsPerStream) throw new Error('lost an event');
        }
      });
      db.close();
      return speed;
    }),
);

// Read models against a loop that counts the same records with one prepared upsert each, in transactions of the same size.
// usage: node tools/dist/bench/runner.js
import { people, readerActivity } from '@readership/analytics';
import { defaultPolicy, decodeFact, type PublishedEvent } from '@readership/contracts';
import { fileAdapters } from '@readership/embedded';
import { Runner, type LogRecord, type Projection, type ReadModel } from '@readership/kernel';
import { randomBytes } from 'node:crypto';
import Database from 'libsql';
import { join } from 'node:path';
import { compare, header, inFolder, perSecond } from './measure.js';

const n = Number(process.argv[2] ?? 60_000);
const readers = n / 30;
const liveWindow = 500;
const rebuildWindow = 100_000;

/** Interactions of many readers over three years, as they lie on the log: registrations first, then by time. */
function records(): LogRecord[] {
  const made: LogRecord[] = [];
  const put = (type: string, key: string, time: string, data: object): void => {
    const offset = made.length + 1;
    made.push({
      partition: 0,
      offset,
      context: 'bench',
      position: offset,
      previous: offset - 1,
      key,
      type,
      schema: 1,
      stream: `s-${offset}`,
      id: `i-${offset}`,
      time,
      recordedAt: time,
      actor: 'bench',
      body: JSON.stringify(data),
    });
  };
  const person = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
  for (let i = 0; i < readers; i++) {
    const data = { personId: person(i), homeBranch: `B${i % 24}`, enrolledOn: '2021-03-05' };
    put('PatronRegistered', person(i), '2021-03-05T10:00:00.000Z', data);
  }
  for (let i = 0; i < n; i++) {
    const reader = (i * 7919) % readers;
    const time = new Date(Date.UTC(2021, 3, 1) + (i / n) * 3 * 365 * 86_400_000).toISOString();
    const now = {
      time,
      kind: 'loan',
      branch: `B${(i * 13) % 24}`,
      quantity: 2,
      startedBy: 'patron',
      digital: false,
    };
    put('InteractionRecorded', person(reader), time, {
      interaction: `interaction-${i}`,
      reference: person(reader),
      now,
    });
  }
  return made;
}

const counts: Projection<PublishedEvent, { n: number }> = {
  name: 'counts',
  version: 1,
  on: ['PatronRegistered', 'InteractionRecorded'],
  key: (event) => event.key,
  apply: (row) => ({ n: (row?.n ?? 0) + 1 }),
};

const all = records();

function ours(model: ReadModel<any>, window: number): () => Promise<number> {
  return () =>
    inFolder(async (folder) => {
      const adapters = await fileAdapters({ folder, masterKey: randomBytes(32) });
      const runner = new Runner<LogRecord, PublishedEvent>(model, adapters.readModels('bench'));
      const speed = await perSecond(all.length, async () => {
        for (let at = 0; at < all.length; at += window)
          await runner.take(0, all.slice(at, at + window), decodeFact);
      });
      await adapters.close();
      return speed;
    });
}

function countingLoop(): Promise<number> {
  return inFolder(async (folder) => {
    const db = new Database(join(folder, 'bare.db'));
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
    db.exec(
      'CREATE TABLE counts (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID; CREATE TABLE at (one INTEGER PRIMARY KEY, "offset" INTEGER NOT NULL)',
    );
    const count = db.prepare('INSERT INTO counts VALUES (?, 1) ON CONFLICT(key) DO UPDATE SET n = n + 1');
    const move = db.prepare(
      'INSERT INTO at VALUES (1, ?) ON CONFLICT(one) DO UPDATE SET "offset" = excluded."offset"',
    );
    const speed = await perSecond(all.length, () => {
      for (let at = 0; at < all.length; at += liveWindow) {
        db.exec('BEGIN IMMEDIATE');
        for (const record of all.slice(at, at + liveWindow)) {
          const { data } = decodeFact(record);
          if (data !== null) count.run([record.key]);
        }
        move.run([at + liveWindow]);
        db.exec('COMMIT');
      }
    });
    db.close();
    return speed;
  });
}

const activity: ReadModel<any> = {
  projection: readerActivity(defaultPolicy, 'America/New_York'),
  tallies: [people(defaultPolicy)],
};
header();
await compare('one counter through the runner', 0.3, ours({ projection: counts }, liveWindow), countingLoop);
await compare('reader activity with its tallies', 0.06, ours(activity, liveWindow), countingLoop);
await compare(
  'rebuild of reader activity ÷ live',
  5,
  ours(activity, rebuildWindow),
  ours(activity, liveWindow),
);

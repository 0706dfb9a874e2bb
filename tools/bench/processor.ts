// Read models against a loop that counts the same records with one prepared upsert each, in transactions of the same
// size.
// usage: node tools/dist/bench/processor.js [records [--rounds N]]
import { decodeFact, type PublishedEvent } from '@readership/contracts';
import { fileAdapters } from '@readership/embedded';
import { readModelProcessor, type LogRecord, type ReadModel } from '@readership/kernel';
import { randomBytes } from 'node:crypto';
import Database from 'libsql';
import { join } from 'node:path';
import { activity, counts } from './models.js';
import { facts } from './facts.js';
import { compare, header, inFolder, perSecond } from './measure.js';
import { countFrom } from './within.js';

const n = countFrom(process.argv[2], 60_000, 1_000_000);
const liveWindow = 500;
const rebuildWindow = 20_000;

function records(): LogRecord[] {
  return facts(n).map(({ type, key, time, data }, at) => ({
    partition: 0,
    offset: at + 1,
    context: 'bench',
    position: at + 1,
    previous: at,
    key,
    type,
    schema: 1,
    stream: `s-${at + 1}`,
    id: `i-${at + 1}`,
    time,
    recordedAt: time,
    actor: 'bench',
    body: JSON.stringify(data),
  }));
}

const all = records();

function ours(model: ReadModel<any>, window: number): () => Promise<number> {
  return () =>
    inFolder(async (folder) => {
      const adapters = await fileAdapters({
        folder,
        masterKey: randomBytes(32),
        cardKey: randomBytes(32),
        contexts: [{ name: 'bench' }],
      });
      const processor = readModelProcessor<LogRecord, PublishedEvent>(model, adapters.readModels('bench'));
      const speed = await perSecond(all.length, async () => {
        for (let at = 0; at < all.length; at += window)
          await processor.process(0, all.slice(at, at + window), decodeFact);
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

header();
await compare('one counter through the processor', 0.3, ours(counts, liveWindow), countingLoop);
await compare('reader activity with its tallies', 0.06, ours(activity, liveWindow), countingLoop);
await compare(
  'rebuild of reader activity ÷ live',
  5,
  ours(activity, rebuildWindow),
  ours(activity, liveWindow),
);

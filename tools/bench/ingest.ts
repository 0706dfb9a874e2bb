// Interactions by HTTP batch, from request to acknowledged outcome, against a bare loop that inserts the same number of
// rows in transactions of 500 (libsql, prepared statements, WAL, synchronous=FULL). The relay and the consumers of the
// context run meanwhile, as in production.
// usage: node tools/dist/bench/ingest.js
import 'reflect-metadata';
import { fileAdapters } from '@readership/embedded';
import { createApp, loadSecrets, readConfig } from '@readership/host';
import { InteractionLogModule } from '@readership/interaction-log';
import { PatronProfileModule } from '@readership/patron-profile';
import Database from 'libsql';
import { join } from 'node:path';
import { compare, header, inFolder, perSecond } from './measure.js';

const perRequest = 5_000;
const requests = 6;
const perTransaction = 500;

function line(n: number): string {
  return JSON.stringify({
    specversion: '1.0',
    type: 'org.readership.interaction.v1',
    source: '/bench/ils',
    id: `loan-${n}`,
    time: new Date(Date.UTC(2024, 0, 1) + n * 1000).toISOString(),
    data: { kind: 'loan', branch: 'B1', card: `29${String(n % 3_000).padStart(8, '0')}`, quantity: 2 },
  });
}

async function overHttp(): Promise<number> {
  return inFolder(async (folder) => {
    const config = readConfig({ READERSHIP_DATA: folder, READERSHIP_PORT: '0', LOG_LEVEL: 'silent' });
    const { secrets } = loadSecrets(config);
    const adapters = await fileAdapters({
      folder,
      masterKey: secrets.masterKey,
      cardKey: secrets.cardKey,
      contexts: [PatronProfileModule.store, InteractionLogModule.store],
    });
    const app = await createApp(
      [PatronProfileModule.on(adapters), InteractionLogModule.on(adapters)],
      config,
      { secrets },
    );
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const post = async (path: string, body: string, type: string): Promise<string> => {
      const response = await fetch(url + path, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${secrets.adminKey}`, 'content-type': type },
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.text();
    };
    await post('/v1/libraries', '{"id":"L","name":"L"}', 'application/json');
    await post('/v1/branches', '{"id":"B1","name":"B","library":"L","timeZone":"UTC"}', 'application/json');
    await post('/v1/interactions/batch', line(-1), 'application/x-ndjson');
    const bodies = Array.from({ length: requests }, (_, request) =>
      Array.from({ length: perRequest }, (_, at) => line(request * perRequest + at)).join('\n'),
    );
    const speed = await perSecond(requests * perRequest, async () => {
      for (const body of bodies) {
        const outcomes = await post('/v1/interactions/batch', body, 'application/x-ndjson');
        if (outcomes.includes('refused')) throw new Error('refused');
      }
    });
    await app.close();
    await adapters.close();
    return speed;
  });
}

async function bare(): Promise<number> {
  return inFolder(async (folder) => {
    const db = new Database(join(folder, 'bare.db'));
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
    db.exec(
      'CREATE TABLE events (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE(stream, version))',
    );
    const insert = db.prepare('INSERT INTO events (stream, version, body) VALUES (?, ?, ?)');
    const speed = await perSecond(requests * perRequest, () => {
      for (let at = 0; at < requests * perRequest; at += perTransaction) {
        db.exec('BEGIN IMMEDIATE');
        for (let n = at; n < at + perTransaction; n++)
          insert.run([`interaction-${n}-0123456789012345678901234567`, 1, line(n)]);
        db.exec('COMMIT');
      }
    });
    db.close();
    return speed;
  });
}

header();
await compare('HTTP batch ingestion', 0.4, overHttp, bare);

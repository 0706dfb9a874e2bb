// What the records of access cost: bytes on disk for each opening of a patron's record, and processor time against a bare
// loop over libsql that inserts the same text, sixteen to a transaction, as that many desks at once do. With --cluster
// also the size of the documents on MongoDB, as they are before the server compresses them.
// usage: node tools/dist/bench/accesses.js [--rounds N] [--cluster]
import { fileAdapters } from '@readership/embedded';
import { Accesses, auditTrail, type Reader } from '@readership/host';
import {
  OwnEventsConsumer,
  ownEvent,
  ProcessorGroup,
  readModelProcessor,
  uuidv7,
  type AnyEvent,
  type EventStore,
  type OwnRecord,
  type Publish,
  type ReadModels,
} from '@readership/kernel';
import { randomBytes, randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bareEvents } from './bare-inserts.js';
import { header, inFolder, median, rounds, row, type Pair } from './measure.js';

const openings = 16_000;
const desks = 16;
const patrons = Array.from({ length: 2_000 }, () => uuidv7());
/** A consortium of 300 branches: one opening for each of two million visits. */
const perDay = 2_000_000;
const days = 730;

const publish: Publish<AnyEvent> = (event, stream) =>
  event.type === 'PatronAccessed'
    ? { key: stream, subject: `accesses-${(event.data as { month: string }).month}`, fact: null }
    : { key: stream, fact: null };

function readerAt(n: number): Reader {
  return {
    role: 'front-desk',
    scopes: ['branch:NORTH'],
    purpose: 'service',
    meta: {
      commandId: randomUUID(),
      at: new Date(Date.UTC(2026, 10, 2) + 43 * n).toISOString(),
      actor: `Ab3dE9x${n % 10}`,
      correlationId: randomUUID(),
    },
  };
}

/** Microseconds of processor time, of all threads, for each item of `work`. */
async function processorTime(items: number, work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / items;
}

function bytesIn(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.startsWith('bench.db'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Records openings, a few at once, and brings their read model up to date. */
async function open(store: EventStore, models: ReadModels, count: number): Promise<void> {
  const accesses = new Accesses(store);
  const processor = readModelProcessor<OwnRecord, any>({ projection: auditTrail({}) }, models);
  const consumer = new OwnEventsConsumer('bench', store, new ProcessorGroup([processor], ownEvent), 500);
  const readOn = async (): Promise<void> => {
    for (let partition = 0; partition < store.partitions; partition++)
      while ((await consumer.step(partition)) > 0);
  };
  for (let at = 0; at < count; at += desks) {
    const together = Array.from({ length: desks }, (_, i) =>
      accesses.record(readerAt(at + i), 'card', [patrons[(at + i) % patrons.length]!]),
    );
    await Promise.all(together);
    if (at % (8 * desks) === 0) await readOn();
  }
  await readOn();
}

function onDisk(count: number): Promise<{ readonly us: number; readonly bytes: number }> {
  return inFolder(async (folder) => {
    const keys = { masterKey: randomBytes(32), cardKey: randomBytes(32) };
    const adapters = await fileAdapters({ folder, ...keys, contexts: [{ name: 'bench' }] });
    const models = adapters.readModels('bench');
    const us = await processorTime(count, () => open(adapters.eventStore('bench', publish), models, count));
    await adapters.close();
    return { us, bytes: bytesIn(folder) };
  });
}

/** Bytes of the documents of an opening on MongoDB, by collection. */
async function documents(count: number): Promise<ReadonlyMap<string, number>> {
  const { context, inDeployment } = await import('./deployment.js');
  return inDeployment(async ({ adapters, servers }) => {
    await open(adapters.eventStore(context, publish), adapters.readModels(context), count);
    const dbName = `${servers.namespace}-${context}`;
    const connection = await mongoose.createConnection(servers.mongoUrl, { dbName }).asPromise();
    const sizes = new Map<string, number>();
    for (const name of ['commits', 'pages', 'model_rows', 'model_entries']) {
      for await (const document of connection.db!.collection(name).find({}))
        sizes.set(name, (sizes.get(name) ?? 0) + mongoose.mongo.BSON.calculateObjectSize(document) / count);
    }
    await connection.close();
    return sizes;
  });
}

/** What an opening says, in the clear. */
function text(n: number): string {
  const { meta, ...reader } = readerAt(n);
  return JSON.stringify({ ...reader, ...meta, how: 'card', personIds: [patrons[n % patrons.length]] });
}

function bare(count: number): Promise<number> {
  return inFolder(async (folder) => {
    const { db, insert } = bareEvents(folder);
    const us = await processorTime(count, () => {
      for (let at = 0; at < count; at += desks) {
        db.exec('BEGIN IMMEDIATE');
        for (let n = at; n < at + desks; n++) insert.run([`access-${uuidv7()}`, 1, text(n)]);
        db.exec('COMMIT');
      }
    });
    db.close();
    return us;
  });
}

await onDisk(desks);
await bare(openings);
const { bytes: empty } = await onDisk(desks);
const sizes: number[] = [];
const pairs: Pair[] = [];
for (let round = 0; round < rounds; round++) {
  const { us, bytes } = await onDisk(openings);
  sizes.push((bytes - empty) / (openings - desks));
  pairs.push({ ours: us, baseline: await bare(openings) });
}
header();
row('processor time of an opening: event, seal, row', '–', pairs, (us) => `${us.toFixed(1)} µs`);
const cores = (median(pairs.map(({ ours }) => ours)) * perDay) / 86_400e6;
console.log(
  `\n${perDay.toLocaleString('en')} openings a day take ${cores.toFixed(4)} of a processor core on average.`,
);
told('On SQLite', median(sizes));
if (process.argv.includes('--cluster')) {
  const found = await documents(2_000);
  const bytes = [...found.values()].reduce((sum, each) => sum + each, 0);
  told('On MongoDB, documents before compression', bytes);
  console.log([...found].map(([name, each]) => `${name} ${Math.round(each)}`).join(', '));
}

function told(where: string, bytes: number): void {
  const gigabytes = (bytes * perDay) / 1e9;
  console.log(
    `${where}: ${Math.round(bytes).toLocaleString('en')} bytes per opening, ${gigabytes.toFixed(1)} GB a day, ` +
      `${(gigabytes * days).toFixed(0)} GB after 24 months.`,
  );
}

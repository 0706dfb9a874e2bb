import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Meta, Publish } from '@readership/kernel';
import { EmbeddedAdapters } from './embedded-adapters.js';
import { createContextTables } from './schema.js';
import { openDriver } from './sql-driver.js';
import { ThreadWriter } from './thread-writer.js';

/** A thread runs compiled code; `npm test` compiles first. */
const entry = pathToFileURL(join(import.meta.dirname, '../dist/writer-thread.js'));
const publish: Publish = (_, stream) => ({ key: stream, fact: { type: 'Counted', schema: 1, data: {} } });
const meta = (commandId: string): Meta => ({ commandId, at: '2026-01-01T00:00:00.000Z', actor: 'test' });
const counted = { type: 'Counted', data: { n: 1 }, personal: { n: 1 } };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'readership-thread-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function adapters(): EmbeddedAdapters {
  const connect = (name: string) => {
    const path = join(folder, `${name}.db`);
    return { driver: openDriver(path), writer: new ThreadWriter(path, entry) };
  };
  return new EmbeddedAdapters(connect, { masterKey: Buffer.alloc(32, 1) });
}

function writer(waitingMax?: number): ThreadWriter {
  const path = join(folder, 'one.db');
  const driver = openDriver(path);
  createContextTables(driver, 1);
  driver.close();
  return new ThreadWriter(path, entry, undefined, waitingMax);
}

it('lets exactly one of many appenders at one version win', async () => {
  const all = adapters();
  const store = all.eventStore('counting', publish);
  for (let version = 0; version < 5; version++) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        store.append('count-1', version, [counted], meta(`${version}/${i}`)),
      ),
    );
    expect(answers.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
  }
  const { events, version } = await store.load('count-1');
  expect([version, events.map(({ personal }) => personal)]).toEqual([5, Array(5).fill({ n: 1 })]);
  await all.close();
});

it('answers each of many waiting writes with its own outcome, in order', async () => {
  const jobs = writer();
  const answers = await Promise.allSettled([
    jobs.write('enqueue', ['mail', 'a', '{}', 0]),
    jobs.write('enqueue', ['too few']),
    jobs.write('enqueue', ['mail', 'a', '{}', 0]),
    jobs.write('enqueue', ['mail', 'b', '{}', 0]),
  ]);
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'failed'))).toEqual([
    1,
    'failed',
    0,
    1,
  ]);
  await jobs.close();
});

it('refuses what is more than it may hold, and loses nothing that it took', async () => {
  const jobs = writer(10_000);
  const most = Array.from({ length: 3_000 }, (_, i) => jobs.write('enqueue', ['mail', `${i}`, '{}', 0]));
  const answers = await Promise.allSettled(most);
  const refused = answers.filter((answer) => answer.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ reason }) => (reason as { code: string }).code === 'BUSY')).toBe(true);
  expect(await jobs.write('enqueue', ['mail', 'later', '{}', 0])).toBe(1);
  await jobs.close();
  const driver = openDriver(join(folder, 'one.db'));
  expect(driver.prepare('SELECT count(*) FROM jobs').get([])).toEqual([3_001 - refused.length]);
  driver.close();
});

it('says across threads that somebody else holds the database', async () => {
  const jobs = writer();
  const driver = openDriver(join(folder, 'one.db'));
  driver.exec('BEGIN IMMEDIATE');
  await expect(jobs.write('enqueue', ['mail', 'a', '{}', 0])).rejects.toMatchObject({
    name: 'Unavailable',
    code: 'STORE_UNAVAILABLE',
  });
  driver.exec('ROLLBACK');
  driver.close();
  expect(await jobs.write('enqueue', ['mail', 'a', '{}', 0])).toBe(1);
  await jobs.close();
}, 20_000);

it('ends what was begun before it closes, and takes nothing after', async () => {
  const jobs = writer();
  const begun = jobs.write('enqueue', ['mail', 'a', '{}', 0]);
  await Promise.all([begun, jobs.close()]);
  expect(await begun).toBe(1);
  await expect(jobs.write('enqueue', ['mail', 'b', '{}', 0])).rejects.toThrow('ended');
});

it('fails what waits when its thread cannot start', async () => {
  const broken = new ThreadWriter(join(folder, 'no', 'such', 'folder.db'), entry);
  await expect(broken.write('enqueue', ['mail', 'a', '{}', 0])).rejects.toThrow();
  await broken.close();
});

describe('a thread that ends without being told to', () => {
  it.each([
    ['throws', `throw new Error('no more')`, 'no more'],
    ['exits', 'process.exit(3)', 'exit code 3'],
  ])('and %s has every write rejected, and is told once', async (_, how, why) => {
    const path = join(folder, 'one.db');
    const script = join(folder, 'thread.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${how} });`,
    );
    const told: string[] = [];
    const lost = new ThreadWriter(path, pathToFileURL(script), ({ message }) => void told.push(message));
    const writes = Array.from({ length: 50 }, (_, i) => lost.write('enqueue', ['mail', `${i}`, '{}', 0]));
    const outcomes = await Promise.allSettled([
      ...writes,
      // This write arrives while the others are on their way.
      new Promise(setImmediate).then(() => lost.write('enqueue', ['mail', 'x', '{}', 0])),
    ]);
    const away = { status: 'rejected', reason: { name: 'Unavailable', code: 'STORE_UNAVAILABLE' } };
    expect(outcomes).toMatchObject(outcomes.map(() => away));
    await expect(lost.write('enqueue', ['mail', 'y', '{}', 0])).rejects.toMatchObject(away.reason);
    await lost.close();
    expect(told).toEqual([`The thread that writes ${path} has ended (${why}): start Readership again.`]);
  });

  it('is not told when it was closed, however often', async () => {
    const told: Error[] = [];
    const driver = openDriver(join(folder, 'one.db'));
    createContextTables(driver, 1);
    const closed = new ThreadWriter(join(folder, 'one.db'), entry, (error) => void told.push(error));
    await Promise.all([closed.close(), closed.close()]);
    await closed.close();
    driver.close();
    expect(told).toEqual([]);
  });
});

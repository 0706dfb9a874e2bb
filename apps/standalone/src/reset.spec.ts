import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ownFiles } from './data-folder.js';
import { endPrograms, loan, newFolder, Program, removeFolders, withBranch } from './program.fixture.js';

afterEach(endPrograms);
afterAll(removeFolders);

const lock = ['lock', 'lock-journal'];
const reset = ['--reset', '--yes'];
const inFolder = (folder: string): readonly string[] => ['--data', folder, '--sample', 'none'];

/** Every file but the lock with its number, which a file that was deleted and made again would not have. */
const files = (folder: string) =>
  readdirSync(folder)
    .filter((name) => !lock.includes(name))
    .map((name) => `${name} ${lstatSync(join(folder, name)).ino}`);

/** A folder with a branch in it, and nobody who holds it. */
async function used(): Promise<string> {
  const folder = newFolder();
  const program = await new Program(inFolder(folder)).started();
  await withBranch(program);
  expect(await program.signal('SIGTERM')).toBe(0);
  return folder;
}

async function refused(args: readonly string[], words: RegExp): Promise<void> {
  const program = new Program(args);
  expect([await program.ended, program.err.trim().split('\n').length]).toEqual([1, 1]);
  expect(program.err).toMatch(words);
  expect(program.out).toBe('');
}

describe('--reset', () => {
  it('deletes nothing of a folder that a running process holds, which goes on and keeps what it acknowledges', async () => {
    const folder = newFolder();
    const first = await new Program(inFolder(folder)).started();
    await withBranch(first);
    const before = files(folder);
    const link = join(newFolder(), 'link');
    symlinkSync(folder, link);
    for (const way of [folder, link])
      await refused([...inFolder(way), ...reset], /^Another process has the data folder \S+ open\. Stop it/);
    expect(files(folder)).toEqual(before);
    expect((await first.send('/v1/interactions', loan(1))).status).toBe(201);
    await first.signal('SIGKILL');
    const second = await new Program(inFolder(folder)).started();
    expect((await second.send('/v1/interactions', loan(1))).status).toBe(200);
  }, 180_000);

  it('deletes nothing when the port is taken', async () => {
    const folder = await used();
    const before = files(folder);
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await refused(
      [...inFolder(folder), ...reset, '--port', `${port}`],
      new RegExp(`^Port ${port} is in use`),
    );
    expect(files(folder)).toEqual(before);
    await new Promise((resolve) => other.close(resolve));
    const program = await new Program(inFolder(folder)).started();
    expect((await program.send('/v1/branches/NORTH')).status).toBe(200);
  }, 180_000);

  it('deletes nothing when something of another kind has a name of ours', async () => {
    const folder = await used();
    renameSync(join(folder, 'log.db'), join(folder, 'aside'));
    mkdirSync(join(folder, 'log.db'));
    const before = files(folder);
    await refused([...inFolder(folder), ...reset], /log\.db is not a file that Readership made/);
    expect(files(folder)).toEqual(before);
  }, 120_000);

  it('deletes nothing without a terminal and without --yes', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'keys.json'), '{}');
    await refused([...inFolder(folder), '--reset'], /--yes/);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  }, 120_000);

  it('deletes what Readership wrote, and no file of a stranger', async () => {
    const folder = await used();
    const strangers = [
      ...['yarn.lock', 'someone-elses.db', 'someone-elses.db-wal', 'letter.txt', 'keys.json.bak'],
      ...['log.db.old', 'my-log.db', 'sample.json~', 'db', '.db'],
    ];
    for (const name of strangers) writeFileSync(join(folder, name), `mine: ${name}`);
    const keys = readFileSync(join(folder, 'keys.json'), 'utf8');
    const program = await new Program([...inFolder(folder), ...reset]).started();
    expect((await program.send('/v1/branches/NORTH')).status).toBe(404);
    for (const name of strangers) expect(readFileSync(join(folder, name), 'utf8')).toBe(`mine: ${name}`);
    expect(readFileSync(join(folder, 'keys.json'), 'utf8')).not.toBe(keys);
  }, 120_000);

  it('knows every file that Readership writes by its name', async () => {
    const folder = newFolder();
    const program = await new Program(inFolder(folder)).started();
    await withBranch(program);
    await program.signal('SIGKILL');
    expect(readdirSync(folder).filter((name) => !ownFiles.includes(name) && !lock.includes(name))).toEqual(
      [],
    );
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['log.db', 'log.db-wal', 'keys.json', 'lock']),
    );
  }, 120_000);
});

it('of two starts at once in one folder one runs and the other ends', async () => {
  const folder = newFolder();
  const both = [new Program(inFolder(folder)), new Program([...inFolder(folder), ...reset])];
  const outcomes = await Promise.allSettled(both.map((program) => program.started()));
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const ended = both[outcomes.findIndex(({ status }) => status === 'rejected')]!;
  expect([await ended.ended, ended.err]).toEqual([1, expect.stringMatching(/^Another process has .*\n$/)]);
}, 120_000);

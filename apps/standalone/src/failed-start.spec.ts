import { openDriver } from '@readership/embedded';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endPrograms, newFolder, Program, removeFolders, type Surroundings } from './program.fixture.js';

afterEach(endPrograms);
afterAll(removeFolders);

/**
 * Printed when the process ends because nothing is left to do: no thread and no handle is open, and nobody called
 * `exit`.
 */
const drained = 'nothing is left to do';
let watched: Surroundings;
/** A folder that was used before, whose access key was shown. */
let used: string;

beforeAll(async () => {
  // Readable for the user that runs the program.
  const tools = mkdtempSync(join(tmpdir(), 'readership-preload-'));
  chmodSync(tools, 0o755);
  const preload = join(tools, 'preload.cjs');
  writeFileSync(
    preload,
    `if (require('node:worker_threads').isMainThread) {
      process.once('beforeExit', () => console.log('${drained}'));
      const uid = Number(process.env.RUN_AS);
      if (uid) {
        process.setgroups([]);
        process.setgid(uid);
        process.setuid(uid);
      }
    }`,
  );
  watched = { env: { NODE_OPTIONS: `--require ${preload}` } };
  used = newFolder();
  const program = await new Program(['--data', used, '--sample', 'none'], watched).started();
  expect(await program.signal('SIGTERM')).toBe(0);
}, 120_000);

function copyOfUsed(): string {
  const folder = newFolder();
  cpSync(used, folder, { recursive: true });
  return folder;
}

async function refused(
  args: readonly string[],
  words: RegExp,
  surroundings: Surroundings = watched,
): Promise<void> {
  const program = new Program(args, surroundings);
  expect([await program.ended, program.err.trim().split('\n').length]).toEqual([1, 1]);
  expect(program.err).toMatch(words);
  expect(program.out).toBe(`${drained}\n`);
}

/** What is wrong with a folder, how to make it so, and what the one line says. */
const harms: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  [
    'a context’s database that is damaged',
    (folder) => damage(folder, 'feedback'),
    /\/feedback\.db is damaged/,
  ],
  ['a log that is damaged', (folder) => damage(folder, 'log'), /\/log\.db is damaged/],
  [
    'a context’s database of another number of partitions',
    (folder) => repartition(folder, 'analytics'),
    /\/analytics\.db has 3 partitions and cannot be opened with 1/,
  ],
  [
    'a log of another number of partitions',
    (folder) => repartition(folder, 'log'),
    /\/log\.db has 3 partitions and cannot be opened with 1/,
  ],
  [
    'a folder in the place of a database',
    (folder) => replaceByFolder(folder, 'patron-profile.db'),
    /\/patron-profile\.db cannot be read and written/,
  ],
  ['a folder in the place of the keys', (folder) => replaceByFolder(folder, 'keys.json'), /\/keys\.json/],
  ['a folder in the place of the lock', (folder) => replaceByFolder(folder, 'lock'), /\/lock cannot be used/],
  [
    'a lock that is something else',
    (folder) => writeFileSync(join(folder, 'lock'), 'mine'.repeat(500)),
    /\/lock cannot be used as the lock/,
  ],
  [
    'keys that are damaged',
    (folder) => writeFileSync(join(folder, 'keys.json'), '{"adminKey": se'),
    /\/keys\.json cannot be read: restore/,
  ],
  [
    'keys that are a link to nothing',
    (folder) => {
      rmSync(join(folder, 'keys.json'));
      symlinkSync(join(folder, 'elsewhere'), join(folder, 'keys.json'));
    },
    /\/keys\.json cannot be read \(ENOENT\)/,
  ],
];

function damage(folder: string, name: string): void {
  for (const ending of ['-wal', '-shm']) rmSync(join(folder, `${name}.db${ending}`), { force: true });
  writeFileSync(join(folder, `${name}.db`), 'not a database '.repeat(1000));
}

function repartition(folder: string, name: string): void {
  const driver = openDriver(join(folder, `${name}.db`));
  driver.exec(`UPDATE settings SET value = 3 WHERE name = 'partitions'`);
  driver.close();
}

function replaceByFolder(folder: string, name: string): void {
  renameSync(join(folder, name), join(folder, 'aside'));
  mkdirSync(join(folder, name));
}

describe('a start that fails says in one line which file is at fault, and ends with nothing left to do', () => {
  it.each(harms)(
    '%s',
    async (_, harm, words) => {
      const folder = copyOfUsed();
      harm(folder);
      await refused(['--data', folder, '--sample', 'none'], words);
    },
    120_000,
  );

  it('a state of the sample that is something else', async () => {
    const folder = copyOfUsed();
    writeFileSync(join(folder, 'sample.json'), '{"name":"mine"}');
    await refused(['--data', folder], /\/sample\.json does not contain the progress/);
    expect(readFileSync(join(folder, 'sample.json'), 'utf8')).toBe('{"name":"mine"}');
  }, 120_000);

  it('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await refused(['--data', newFolder(), '--port', `${port}`], new RegExp(`^Port ${port} is in use`));
    await new Promise((resolve) => other.close(resolve));
  }, 120_000);

  it('a folder below a file', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    for (const folder of [file, join(file, 'below'), join(file, 'below', 'that')])
      await refused(['--data', folder], /^The data folder \S+ cannot be written \(ENOTDIR\)/);
  }, 120_000);

  it.each(['/proc/readership', '/proc/readership/below'].filter(() => existsSync('/proc/self')))(
    'a folder in a file system of the kernel: %s',
    (folder) => refused(['--data', folder], /^The data folder \S+ cannot be written \(ENOENT\)/),
    120_000,
  );

  it('a folder of others that is open to them, which stays as it is', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'letter.txt'), 'mine');
    chmodSync(folder, 0o755);
    await refused(
      ['--data', folder],
      /^The folder \S+ is accessible to other users and holds files that are not/,
    );
  }, 120_000);

  it('a folder that may not be written, and keys that may not be read', async () => {
    // Root may do everything, so the program that root starts goes on as another user. It is started as root, since
    // Node itself may lie where only root reads.
    const isRoot = process.getuid!() === 0;
    const uid = isRoot ? 65_534 : process.getuid!();
    const surroundings = isRoot ? { env: { ...watched.env, RUN_AS: `${uid}` } } : watched;
    const folder = copyOfUsed();
    const own = (file: string, mode: number): void => {
      chownSync(file, uid, isRoot ? uid : process.getgid!());
      chmodSync(file, mode);
    };
    own(folder, 0o500);
    await refused(['--data', folder], /^The data folder \S+ cannot be written \(EACCES\)/, surroundings);
    own(folder, 0o700);
    own(join(folder, 'lock'), 0o600);
    rmSync(join(folder, 'lock-journal'), { force: true });
    own(join(folder, 'keys.json'), 0o000);
    await refused(['--data', folder], /\/keys\.json cannot be read \(EACCES\)/, surroundings);
  }, 120_000);

  it.each([
    [['--colour'], /colour/],
    [['--port', 'abc'], /--port/],
    [['--sample', 'large'], /--sample/],
  ])(
    '%j, with exit 2',
    async (args, words) => {
      const program = new Program(args, watched);
      expect([await program.ended, program.out]).toEqual([2, '']);
      expect(program.err).toMatch(/^[^\n]+\n$/);
      expect(program.err).toMatch(words);
    },
    120_000,
  );
});

it('shows the access key at the first start that succeeds, and never again', async () => {
  const folder = newFolder();
  const args = ['--data', folder, '--sample', 'none'];
  const format = join(folder, 'format');
  writeFileSync(format, '99\n');
  await refused(args, /has format 99/);
  rmSync(format);
  const { adminKey } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { adminKey: string };
  for (const shown of [true, false]) {
    const program = await new Program(args, { env: {} }).started();
    expect(await program.signal('SIGTERM')).toBe(0);
    expect(program.out.includes(adminKey)).toBe(shown);
  }
}, 180_000);

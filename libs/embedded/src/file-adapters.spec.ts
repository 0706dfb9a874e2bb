import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Publish } from '@readership/kernel';
import { databaseFiles, DataFolder, fileAdapters, FolderUnusable } from './index.js';

const keys = {
  masterKey: Buffer.alloc(32, 5),
  cardKey: Buffer.alloc(32, 6),
  contexts: [{ name: 'people' }],
};
const publish: Publish = (_, stream) => ({ key: stream, fact: null });
const meta = { commandId: 'c1', at: '2026-01-01T00:00:00.000Z', actor: 'test' };

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'readership-files-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('makes the folder, and finds everything there when opened again', async () => {
  const deep = join(folder, 'a', 'b');
  const first = await fileAdapters({ folder: deep, ...keys });
  await first.eventStore('people', publish).append('patron-1', 0, [{ type: 'Came', data: { n: 1 } }], meta);
  await first.close();
  const second = await fileAdapters({ folder: deep, ...keys });
  expect((await second.eventStore('people', publish).load('patron-1')).version).toBe(1);
  await second.close();
});

it('leaves nothing in a write-ahead log when it is closed', async () => {
  const adapters = await fileAdapters({ folder, ...keys });
  await adapters
    .eventStore('people', publish)
    .append('patron-1', 0, [{ type: 'Came', data: { n: 1 } }], meta);
  await adapters.close();
  for (const name of ['people.db-wal', 'log.db-wal'])
    expect(statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  expect(statSync(join(folder, 'people.db')).size).toBeGreaterThan(4096);
});

it.each(['people', 'log'])('is refused without %s.db, which it had, and makes no other', async (name) => {
  await (await fileAdapters({ folder, ...keys })).close();
  for (const file of databaseFiles(name)) rmSync(join(folder, file), { force: true });
  const before = readdirSync(folder);
  await expect(fileAdapters({ folder, ...keys })).rejects.toThrow(`${join(folder, name)}.db is missing`);
  expect(readdirSync(folder)).toEqual(before);
  // One whose first start was cut off is finished.
  rmSync(join(folder, 'format'));
  await (await fileAdapters({ folder, ...keys })).close();
});

it('says in one line that another has the folder open, until that one closes', async () => {
  const first = await fileAdapters({ folder, ...keys });
  await expect(fileAdapters({ folder, ...keys })).rejects.toThrow(
    `Another process has the data folder ${folder} open.`,
  );
  await first.close();
  await (await fileAdapters({ folder, ...keys })).close();
});

it('keeps the folder from others until what is under way is written', async () => {
  const first = await fileAdapters({ folder, ...keys });
  const writing = first
    .eventStore('people', publish)
    .append('patron-1', 0, [{ type: 'Came', data: { n: 1 } }], meta);
  const closing = first.close();
  await expect(fileAdapters({ folder, ...keys })).rejects.toThrow('Another process');
  await Promise.all([writing, closing]);
  await (await fileAdapters({ folder, ...keys })).close();
});

it('lets the folder go when a database cannot be used, and names the database', async () => {
  const file = join(folder, 'people.db');
  writeFileSync(file, 'not a database '.repeat(1000));
  await expect(fileAdapters({ folder, ...keys })).rejects.toThrow(`${file} is damaged`);
  for (const ending of ['-wal', '-shm']) rmSync(join(folder, `log.db${ending}`), { force: true });
  writeFileSync(join(folder, 'log.db'), 'not a database '.repeat(1000));
  await expect(fileAdapters({ folder, ...keys })).rejects.toThrow(`${join(folder, 'log.db')} is damaged`);
  DataFolder.open(folder).close();
});

describe('a data folder', () => {
  const modes = () =>
    Object.fromEntries(
      ['.', ...readdirSync(folder)].map((name) => [name, statSync(join(folder, name)).mode & 0o777]),
    );
  const mask = process.umask();
  afterEach(() => process.umask(mask));

  it.each([0o000, 0o022, 0o777])(
    'is for its owner alone under the umask %i, and so is every file in it',
    async (umask) => {
      process.umask(umask);
      folder = join(folder, 'a', 'b');
      const adapters = await fileAdapters({ folder, ...keys });
      adapters.readModels('people');
      const all = modes();
      expect(Object.keys(all)).toEqual(
        expect.arrayContaining(['lock', 'log.db', 'log.db-wal', 'log.db-shm', 'people.db-wal']),
      );
      expect(
        new Set(Object.entries(all).map(([name, mode]) => mode === (name === '.' ? 0o700 : 0o600))),
      ).toEqual(new Set([true]));
      await adapters.close();
      folder = join(folder, '..', '..');
    },
  );

  it('that was open to others is closed to them, with every file of a database in it', async () => {
    await (await fileAdapters({ folder, ...keys })).close();
    for (const name of ['log.db-wal', 'log.db-shm', 'people.db'])
      writeFileSync(join(folder, name), '', { flag: 'a' });
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o666);
    writeFileSync(join(folder, 'letter.txt'), 'mine');
    chmodSync(join(folder, 'letter.txt'), 0o644);
    chmodSync(folder, 0o755);
    const adapters = await fileAdapters({ folder, ...keys });
    adapters.readModels('people');
    const { '.': own, 'letter.txt': letter, ...files } = modes();
    expect([own, letter, new Set(Object.values(files))]).toEqual([0o700, 0o644, new Set([0o600])]);
    await adapters.close();
  });

  it.each([
    ['holds files of others', 0o755, ['letter.txt']],
    ['is one where everybody keeps files', 0o1777, []],
  ])('that %s is not closed to them, but refused', (_, mode, names) => {
    for (const name of names) writeFileSync(join(folder, name), 'mine');
    chmodSync(folder, mode);
    expect(() => DataFolder.open(folder)).toThrow('is accessible to other users');
    expect([statSync(folder).mode & 0o7777, readdirSync(folder)]).toEqual([mode, names]);
  });
});

it('says in one line that the folder cannot be written', async () => {
  writeFileSync(join(folder, 'file'), 'in the way');
  for (const taken of ['file', 'file/below']) {
    await expect(fileAdapters({ folder: join(folder, taken), ...keys })).rejects.toThrow(FolderUnusable);
  }
});

it('refuses another number of partitions than it was made with', async () => {
  await (await fileAdapters({ folder, ...keys, partitions: 3 })).close();
  await expect(fileAdapters({ folder, ...keys, partitions: 1 })).rejects.toThrow('has 3 partitions');
});

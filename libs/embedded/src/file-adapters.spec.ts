import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Publish } from '@readership/kernel';
import { fileAdapters, FolderUnusable } from './index.js';

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

it('says in one line that another has the folder open, until that one closes', async () => {
  const first = await fileAdapters({ folder, ...keys });
  await expect(fileAdapters({ folder, ...keys })).rejects.toThrow(
    `Another process has the data folder ${folder} open.`,
  );
  await first.close();
  await (await fileAdapters({ folder, ...keys })).close();
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

import { kill, start, status, stop } from '#servers';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-servers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the servers of a folder', () => {
  it('are down before anything was started', async () => {
    const ids = (await status({ folder })).map(({ name, id }) => [name, id]);
    expect(ids).toEqual([
      ['kafka', undefined],
      ['mongodb', undefined],
      ['redis', undefined],
    ]);
  });

  it('leave a process alone that was given the id of theirs', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      mkdirSync(join(folder, 'redis'));
      writeFileSync(join(folder, 'redis/pid'), `${other.pid}\n`);
      expect((await status({ folder })).find(({ name }) => name === 'redis')?.id).toBeUndefined();
      await stop('redis', { folder });
      await kill('redis', { folder });
      expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('refuse to kill the one that would lose what it acknowledged', async () => {
    await expect(kill('mongodb', { folder })).rejects.toThrow('would lose what it acknowledged');
  });

  it('start by themselves only on the ports that they were given together', async () => {
    await expect(start('redis', { folder })).rejects.toThrow('run tools/backends up first');
  });
});

import { down, kill, start, status, stop } from '#servers';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

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

  describe('are forgotten', () => {
    const put = (file: string) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), 'text');
    };
    const files = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
        .sort();

    it('only where they were started', async () => {
      for (const file of ['redis/redis.conf', 'kafka/data/mine']) put(file);
      await expect(down({ folder, data: true })).rejects.toThrow(`did not run in ${folder}`);
      expect(files()).toEqual(['kafka/data/mine', 'redis/redis.conf']);
    });

    it('by the names of what they wrote', async () => {
      writeFileSync(join(folder, 'runtime'), 'processes');
      for (const file of [
        'redis/pid',
        'redis/log',
        'redis/data/appendonly',
        'kafka/secured.pem',
        'ports.json',
      ])
        put(file);
      writeFileSync(join(folder, 'ports.json'), '{}');
      for (const file of ['redis/redis.conf', 'notes.txt']) put(file);
      await down({ folder, data: true });
      expect(files()).toEqual(['notes.txt', 'redis/redis.conf']);
    });

    it('not while one of them answers, even if its process is not known any more', async () => {
      const redis = createServer((socket) => socket.once('data', () => socket.end('+PONG\r\n')));
      await new Promise<void>((resolve) => redis.listen(0, '127.0.0.1', resolve));
      try {
        writeFileSync(join(folder, 'runtime'), 'processes');
        const { port } = redis.address() as { port: number };
        writeFileSync(join(folder, 'ports.json'), JSON.stringify({ redis: port }));
        for (const file of ['redis/data/appendonly', 'mongodb/data/documents.mv']) put(file);
        const before = files();
        await expect(down({ folder, data: true })).rejects.toThrow('redis still answers');
        expect(files()).toEqual(before);
      } finally {
        await new Promise((resolve) => redis.close(resolve));
      }
    });
  });
});

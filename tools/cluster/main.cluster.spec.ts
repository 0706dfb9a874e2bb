import { status } from '#servers';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readership } from '../scenario/readership.js';

const program = join(import.meta.dirname, '../dist/cluster/main.js');

/** A run of what `npm run cluster` runs once everything is built. */
class Run {
  out = '';
  err = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  /** Resolves to its address once it is printed. */
  async url(): Promise<string> {
    while (!/^Open /m.test(this.out)) {
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.err}`);
      await new Promise((resume) => setTimeout(resume, 100));
    }
    return /Readership runs at (\S+)/.exec(this.out)![1]!;
  }

  signal(name: NodeJS.Signals): Promise<number | null> {
    this.child.kill(name);
    return this.ended;
  }
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('npm run cluster', () => {
  it('runs everything behind one address, keeps its data, and stops on Ctrl-C with nothing left running', async () => {
    const args = ['--port', '0', '--data', folder, '--sample', 'none'];
    const keys = join(folder, 'keys.json');
    const library = { id: 'CITY', name: 'City Library' };
    for (const [signal, known] of [
      ['SIGINT', 201],
      ['SIGTERM', 200],
    ] as const) {
      const run = new Run(args);
      const url = await run.url();
      const { adminKey: key } = JSON.parse(readFileSync(keys, 'utf8')) as { adminKey: string };
      expect([run.out.includes(key), statSync(keys).mode & 0o777]).toEqual([known === 201, 0o600]);
      const readership = new Readership({ url, key });
      expect((await readership.tell('/v1/libraries', library)).status).toBe(known);
      for (const service of ['patron-profile', 'interaction-log', 'feedback', 'analytics'])
        expect((await readership.ask(`/${service}/readyz`)).ready).toBe(true);
      expect((await readership.ask('/v1/metrics')).figures).toHaveLength(6);
      const pasted = run.out.slice(run.out.indexOf('Try ')).match(/^ {2}\S.*$/gm)!;
      const shell = spawnSync('sh', ['-s'], {
        input: ['set -eu', ...pasted].join('\n'),
        encoding: 'utf8',
        cwd: '/',
      });
      expect([shell.status, shell.stdout]).toEqual([0, expect.stringMatching(/"figures"[^]*accounted for/)]);
      expect([await run.signal(signal), run.err]).toEqual([0, '']);
      const servers = await status({ folder: join(folder, 'servers') });
      expect(servers.map(({ id }) => id)).toEqual([undefined, undefined, undefined]);
      await expect(fetch(url)).rejects.toThrow();
    }
  }, 240_000);

  it('says in one line what it cannot do, and starts nothing', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    writeFileSync(join(folder, 'sample-small.json'), '{}');
    for (const [exit, args, words] of [
      [1, ['--port', String(port), '--sample', 'none'], new RegExp(`Port ${port} is in use`)],
      [1, ['--sample', 'part'], /holds the sample "small"/],
      [2, ['--sample', 'large'], /--sample/],
    ] as const) {
      const run = new Run(['--data', folder, ...args]);
      expect([await run.ended, run.err.trim().split('\n').length, run.out]).toEqual([exit, 1, '']);
      expect(run.err).toMatch(words);
    }
    await new Promise((resolve) => other.close(resolve));
  }, 60_000);
});

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, import.meta.dirname.endsWith('dist') ? '../..' : '..');

/** A Readership in its own process, over a folder that may outlive it. It needs the build. */
export class Running {
  private constructor(
    readonly url: string,
    readonly key: string,
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(
    options: { readonly folder?: string; readonly sample?: 'small' | 'none' } = {},
  ): Promise<Running> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'readership-'));
    const child = spawn(
      process.execPath,
      [
        join(root, 'apps/standalone/bundle/main.js'),
        '--port',
        '0',
        '--data',
        folder,
        '--sample',
        options.sample ?? 'none',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let printed = '';
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        printed += chunk.toString();
        const at = /Readership runs at (\S+)/.exec(printed);
        if (at) resolve(at[1]!);
      };
      child.stdout!.on('data', read);
      child.stderr!.on('data', read);
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${printed}`)));
    });
    const { adminKey } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as { adminKey: string };
    return new Running(url, adminKey, folder, child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Runs a command of `readership` against it. Returns its output and exit code. */
  readership(...command: readonly string[]): { readonly said: string; readonly exit: number | null } {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [join(root, 'tools/dist/cli/main.js'), ...command, '--url', this.url, '--key', this.key],
      // With both set, Node would print a warning.
      { encoding: 'utf8', env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' } },
    );
    return { said: stdout + stderr, exit: status };
  }

  /** Ends the process. Resolves to its exit code, `null` when a signal ended it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    return ended;
  }

  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

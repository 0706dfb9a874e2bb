import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: folder, encoding: 'utf8' });

export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly exit: number | null;
}

/**
 * A clone of this checkout, uncommitted changes included, in which nothing is installed and nothing is built. Packages
 * come from npm's cache where it has them; npm keeps nothing else of a clone.
 */
export class Clone {
  private readonly parent = mkdtempSync(join(tmpdir(), 'readership-clone-'));
  readonly folder = join(this.parent, 'readership');
  private readonly env: NodeJS.ProcessEnv;

  constructor() {
    const files = git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
    for (const file of files) {
      if (file === '' || !existsSync(join(root, file))) continue;
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      copyFileSync(join(root, file), join(this.folder, file));
    }
    git(this.folder, 'init', '--quiet');
    git(this.folder, 'add', '--all');
    const cache = join(this.parent, 'npm');
    mkdirSync(cache);
    const known = execFileSync('npm', ['config', 'get', 'cache'], {
      cwd: this.parent,
      encoding: 'utf8',
    }).trim();
    if (existsSync(join(known, '_cacache'))) symlinkSync(join(known, '_cacache'), join(cache, '_cacache'));
    const { PATH, HOME } = process.env;
    this.env = { PATH, HOME, NO_COLOR: '1', npm_config_cache: cache, npm_config_prefer_offline: 'true' };
  }

  /** Runs a script of bash in it. */
  run(script: string, env: NodeJS.ProcessEnv = {}): Ended {
    const { stdout, stderr, status } = spawnSync('bash', ['-s'], {
      input: script,
      encoding: 'utf8',
      cwd: this.folder,
      env: { ...this.env, ...env },
    });
    return { out: stdout, err: stderr, exit: status };
  }

  /** Starts a command in it. Both outputs can be looked at while it runs. */
  begin(file: string, ...args: readonly string[]): Begun {
    const child = spawn(file, args, { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const begun: Begun = {
      out: '',
      err: '',
      ended: new Promise((resolve) => child.once('close', resolve)),
      stop: () => {
        child.kill('SIGTERM');
        return begun.ended;
      },
    };
    child.stdout.on('data', (chunk: Buffer) => (begun.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (begun.err += chunk.toString()));
    return begun;
  }

  /** The files that Git would take and that were not there, or are changed, since it was cloned. */
  changed(): readonly string[] {
    return git(this.folder, 'status', '--porcelain')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('A  '));
  }

  forget(): void {
    rmSync(this.parent, { recursive: true, force: true });
  }
}

export interface Begun {
  out: string;
  err: string;
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>;
  stop(): Promise<number | null>;
}

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** A file to which its output is appended. */
  readonly log: string;
}

/** A command that ends its process when the parent process ends in any way, where Linux supports it. */
const untilWeEnd = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];

/** A program that can be started, signalled and started again. It ends when this process ends in any way. */
export class Program {
  private child: ChildProcess | null = null;
  private exit: Promise<Exit> = Promise.resolve({ code: 0, signal: null });

  constructor(
    readonly name: string,
    readonly command: Command,
  ) {}

  /** `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** How its last run ended, once it has. */
  get ended(): Promise<Exit> {
    return this.exit;
  }

  start(): void {
    if (this.child) throw new Error(`${this.name} runs already`);
    const { file, args, env, log } = this.command;
    const output = openSync(log, 'a', 0o600);
    // In its own process group, so that Ctrl-C in the terminal reaches this process, which stops the others in order.
    const [first, ...rest] = [...untilWeEnd, file, ...args] as [string, ...string[]];
    const child = spawn(first, rest, { env, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    this.child = child;
    const orphaned = (): void => void child.kill('SIGKILL');
    process.once('exit', orphaned);
    this.exit = new Promise((resolve) => {
      const over = (exit: Exit): void => {
        process.off('exit', orphaned);
        this.child = null;
        resolve(exit);
      };
      child.once('exit', (code, signal) => over({ code, signal }));
      child.once('error', () => over({ code: null, signal: null }));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  /** Ends it like an operator. If it has not ended in time, it is killed. */
  async stop(withinMs = 30_000): Promise<Exit> {
    // A paused process would handle the signal only when it continues.
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const late = new AbortController();
    const killing = pause(withinMs, undefined, { signal: late.signal }).then(
      () => this.signal('SIGKILL'),
      () => undefined,
    );
    const exit = await this.exit;
    late.abort();
    await killing;
    return exit;
  }

  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exit;
  }

  /** Its last lines, to show why it ended. */
  lastLines(count = 5): string {
    const { log } = this.command;
    if (!existsSync(log)) return '';
    return readFileSync(log, 'utf8').trim().split('\n').slice(-count).join('\n');
  }
}

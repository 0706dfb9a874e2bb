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
  /** What it prints is added to this file. */
  readonly log: string;
}

/** Where Linux lets a process be told when whoever started it is gone, killed or not. */
const untilWeEnd = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];

/** A program that can be started, signalled and started again; it ends with us, whatever happens. */
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
    // A group of its own: Ctrl-C in the terminal is ours to pass on, in order.
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

  /** Ends it as an operator would; one that has not ended in time is killed. */
  async stop(withinMs = 30_000): Promise<Exit> {
    // One that is paused would take the signal only when it goes on.
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

  /** Its last lines, for whoever has to find out why it ended. */
  lastLines(count = 5): string {
    const { log } = this.command;
    if (!existsSync(log)) return '';
    return readFileSync(log, 'utf8').trim().split('\n').slice(-count).join('\n');
  }
}

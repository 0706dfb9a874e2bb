import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../bundle/main.js');
const key = 'process-spec-key-0123456789-0123456789';
const startsWithinMs = 60_000;

export interface Surroundings {
  /** The environment; by default a key that `send` knows. */
  readonly env?: Readonly<Record<string, string>>;
  /** In octal; defaults to that of the tests. */
  readonly umask?: string;
}

const running = new Set<Program>();
const folders: string[] = [];

/** The built program, run as a user runs it. */
export class Program {
  out = '';
  err = '';
  url = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], { env, umask }: Surroundings = {}) {
    if (!existsSync(main))
      throw new Error('apps/standalone is not built: run `npx nx build standalone` first');
    const command = [process.execPath, main, '--port', '0', ...args];
    const [file, ...rest] =
      umask === undefined ? command : ['sh', '-c', `umask ${umask} && exec "$0" "$@"`, ...command];
    this.child = spawn(file!, rest, {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...(env ?? { READERSHIP_ADMIN_KEY: key }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', resolve);
    });
    running.add(this);
    const forget = (): void => void running.delete(this);
    this.ended.then(forget, forget);
  }

  /** Resolves when the program listens. */
  async started(): Promise<this> {
    await until(() => {
      this.url = /Readership runs at (http:\/\/\S+)/.exec(this.out)?.[1] ?? '';
      if (this.url === '' && this.child.exitCode !== null) throw new Error(`it ended: ${this.err}`);
      return this.url !== '';
    }, startsWithinMs);
    return this;
  }

  async send(path: string, body?: unknown): Promise<{ status: number; body: any; position: string }> {
    const ndjson = typeof body === 'string';
    const answer = await fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined
          ? {}
          : { 'content-type': ndjson ? 'application/x-ndjson' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: ndjson ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = /json$|json;/.test(answer.headers.get('content-type') ?? '') && !ndjson;
    return {
      status: answer.status,
      body: json ? (JSON.parse(text) as unknown) : text,
      position: answer.headers.get('readership-position') ?? '',
    };
  }

  get running(): boolean {
    return running.has(this);
  }

  signal(name: NodeJS.Signals): Promise<number | null> {
    this.child.kill(name);
    return this.ended;
  }
}

export async function until(look: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`not so within ${withinMs} ms`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'readership-process-'));
  folders.push(folder);
  return folder;
}

/** Ends all programs that still run. */
export async function endPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.signal('SIGKILL')));
}

export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

export async function withBranch(program: Program): Promise<void> {
  await program.send('/v1/libraries', { id: 'CITY', name: 'City Library' });
  const branch = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'Europe/Berlin' };
  const { status } = await program.send('/v1/branches', branch);
  if (status !== 201) throw new Error(`the branch was answered with ${status}`);
}

export const loan = (id: number) => ({
  specversion: '1.0',
  source: 'process-spec',
  id: `loan-${id}`,
  type: 'org.readership.interaction.v1',
  time: '2024-03-05T10:00:00Z',
  data: { kind: 'loan', branch: 'NORTH' },
});

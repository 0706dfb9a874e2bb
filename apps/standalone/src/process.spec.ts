import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../dist/main.js');
const key = 'process-spec-key-0123456789-0123456789';
const startsWithinMs = 30_000;

/** The built program, run as a user runs it. */
class Program {
  out = '';
  err = '';
  url = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [main, '--port', '0', ...args], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], READERSHIP_ADMIN_KEY: key },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  /** Resolves when it listens. */
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

  signal(name: NodeJS.Signals): Promise<number | null> {
    this.child.kill(name);
    return this.ended;
  }
}

const running = new Set<Program>();
const folders: string[] = [];

async function until(look: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`not so within ${withinMs} ms`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'readership-process-'));
  folders.push(folder);
  return folder;
}

/** Every context's account: everything published and applied, and the sums hold. */
async function auditHolds(program: Program): Promise<void> {
  for (const context of ['patron-profile', 'interaction-log', 'feedback', 'analytics']) {
    await until(async () => {
      const { body } = await program.send(`/v1/audit/log?context=${context}`);
      return (
        body.holds === true &&
        body.partitions.every(({ unpublished }: { unpublished: number }) => unpublished === 0) &&
        body.projections.every(({ lag, parked }: { lag: number; parked: number }) => lag + parked === 0)
      );
    }, 30_000);
  }
}

beforeAll(() => {
  if (!existsSync(main))
    throw new Error('apps/standalone is not built: run `npx tsc -b apps/standalone` first');
});
afterEach(async () => {
  await Promise.all([...running].map((program) => program.signal('SIGKILL')));
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const loan = (id: number) => ({
  specversion: '1.0',
  source: 'process-spec',
  id: `loan-${id}`,
  type: 'org.readership.interaction.v1',
  time: '2024-03-05T10:00:00Z',
  data: { kind: 'loan', branch: 'NORTH' },
});

async function withBranch(program: Program): Promise<void> {
  await program.send('/v1/libraries', { id: 'CITY', name: 'City Library' });
  const branch = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'Europe/Berlin' };
  expect((await program.send('/v1/branches', branch)).status).toBe(201);
}

async function loansOfMarch(program: Program, after = ''): Promise<number> {
  const { body } = await program.send(
    `/v1/metrics/loans?from=2024-03&to=2024-03${after && `&after=${after}`}`,
  );
  return body.points[0].value as number;
}

describe('what was acknowledged', () => {
  it('is there, once, after SIGKILL, and is known when it is sent again', async () => {
    const folder = newFolder();
    const args = ['--data', folder, '--sample', 'none'];
    const first = await new Program(args).started();
    await withBranch(first);
    let acknowledged = 0;
    const writing = (async () => {
      for (let id = 0; ; id++) {
        const { status } = await first.send('/v1/interactions', loan(id));
        expect(status).toBe(201);
        acknowledged = id + 1;
      }
    })().catch(() => {});
    await until(() => acknowledged >= 40, 20_000);
    await first.signal('SIGKILL');
    await writing;

    const second = await new Program(args).started();
    for (let id = 0; id < acknowledged; id++) {
      const again = await second.send('/v1/interactions', loan(id));
      expect([id, again.status, again.body.outcome]).toEqual([id, 200, 'already-recorded']);
    }
    // The write that the kill cut off may have been recorded: sent again, it is there once either way.
    const { position } = await second.send('/v1/interactions', loan(acknowledged));
    expect(await loansOfMarch(second, position)).toBe(acknowledged + 1);
    await auditHolds(second);
    expect(await second.signal('SIGTERM')).toBe(0);
  }, 90_000);

  it('survives a stop by SIGTERM or SIGINT, which ends the program with 0 and without a word of error', async () => {
    const folder = newFolder();
    const args = ['--data', folder, '--sample', 'none'];
    const first = await new Program(args).started();
    await withBranch(first);
    await first.send('/v1/interactions', loan(1));
    expect([await first.signal('SIGTERM'), first.err]).toEqual([0, '']);
    const second = await new Program(args).started();
    const { position, status } = await second.send('/v1/interactions', loan(1));
    expect(status).toBe(200);
    expect(await loansOfMarch(second, position)).toBe(1);
    expect([await second.signal('SIGINT'), second.err]).toEqual([0, '']);
  }, 90_000);
});

describe('what it cannot do it says in one line, with exit 1', () => {
  async function refused(args: readonly string[], words: RegExp): Promise<void> {
    const program = new Program(args);
    expect([await program.ended, program.err.trim().split('\n').length]).toEqual([1, 1]);
    expect(program.out).not.toContain('Readership runs');
    expect(program.err).toMatch(words);
    expect(program.err + program.out).not.toMatch(/\n\s+at /);
  }

  it('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await refused(['--data', newFolder(), '--sample', 'none', '--port', `${port}`], new RegExp(`${port}`));
    await new Promise((resolve) => other.close(resolve));
  }, 40_000);

  it('a folder that cannot be written', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    await refused(['--data', join(file, 'below'), '--sample', 'none'], /cannot be written/);
  }, 40_000);

  it.each([
    [['--colour'], /colour/],
    [['--port', 'abc'], /--port/],
    [['--sample', 'large'], /--sample/],
  ])('%j', (args, words) => refused(args, words), 40_000);

  it('--reset without a terminal and without --yes, and nothing is deleted', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'keys.json'), '{}');
    await refused(['--data', folder, '--sample', 'none', '--reset'], /--yes/);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  }, 40_000);
});

it('--reset --yes deletes what Readership wrote, and nothing else', async () => {
  const folder = newFolder();
  const args = ['--data', folder, '--sample', 'none'];
  const first = await new Program(args).started();
  await withBranch(first);
  await first.signal('SIGTERM');
  writeFileSync(join(folder, 'letter.txt'), 'mine');
  const second = await new Program([...args, '--reset', '--yes']).started();
  expect((await second.send('/v1/branches/NORTH')).status).toBe(404);
  expect(readFileSync(join(folder, 'letter.txt'), 'utf8')).toBe('mine');
}, 60_000);

describe('a load of the sample that is killed', () => {
  it('goes on after the next start; /readyz answers 503 until all of it is applied', async () => {
    const folder = newFolder();
    const args = ['--data', folder, '--sample', 'small'];
    const loading = () =>
      existsSync(join(folder, 'sample.json'))
        ? (JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8')) as {
            done: number;
            complete: boolean;
          })
        : { done: 0, complete: false };

    const first = await new Program(args).started();
    expect((await first.send('/readyz')).status).toBe(503);
    await until(() => loading().done >= 5, 60_000);
    await first.signal('SIGKILL');
    const { done, complete } = loading();
    expect(complete).toBe(false);

    const second = await new Program(args).started();
    expect((await second.send('/readyz')).status).toBe(503);
    await until(async () => (await second.send('/readyz')).status === 200, 240_000);
    expect(loading().complete).toBe(true);
    expect(loading().done).toBeGreaterThan(done);
    await auditHolds(second);
    const { body } = await second.send('/v1/metrics');
    expect(body.figures.map(({ points }: any) => points[0].value)).toEqual(
      Array.from({ length: 6 }, () => expect.any(Number)),
    );
    expect(await second.signal('SIGTERM')).toBe(0);

    const third = await new Program(args).started();
    await until(async () => (await third.send('/readyz')).status === 200, 30_000);
    expect(third.out).not.toContain('Loading the sample');
  }, 400_000);
});

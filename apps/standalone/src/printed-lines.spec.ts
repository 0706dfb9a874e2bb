import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { endPrograms, newFolder, Program, removeFolders, until } from './program.fixture.js';

afterEach(endPrograms);
afterAll(removeFolders);

/** The output of the indented lines of `text`, pasted one after the other into a shell that knows nothing. */
function pasted(text: string): { readonly lines: readonly string[]; readonly printed: readonly string[] } {
  const lines = text.match(/^ {2}\S.*$/gm) ?? [];
  const script = ['set -eu', ...lines.map((line) => `${line}\nprintf '\\n@@@\\n'`)].join('\n');
  const { stdout, stderr, status } = spawnSync('sh', ['-s'], {
    input: script,
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  expect([status, stderr]).toEqual([0, '']);
  return { lines, printed: stdout.split('\n@@@\n').slice(0, -1) };
}

it('the lines that a start prints to try can be pasted as they are, at the first start and at every other', async () => {
  const folder = join(newFolder(), `the board's data`);
  mkdirSync(folder, { mode: 0o700 });
  for (const start of ['first', 'second']) {
    const program = await new Program(['--data', folder, '--sample', 'none'], { env: {} }).started();
    await until(() => program.out.includes('README.md has'), 60_000);
    const { lines, printed } = pasted(program.out.slice(program.out.indexOf('Try ')));
    expect([start, lines.length, printed.length]).toEqual([start, 3, 3]);
    expect(printed[0]).toBe('');
    expect(JSON.parse(printed[1]!).figures).toHaveLength(6);
    expect(JSON.parse(printed[2]!)).toMatchObject({ metric: 'new-readers' });
    expect(await program.signal('SIGTERM')).toBe(0);
  }
}, 180_000);

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-ci-'));
  for (const file of ['.ci/run', 'tools/add-up.mjs']) cpSync(join(root, file), join(folder, file));
  mkdirSync(join(folder, 'bin'));
  program('bin/uname', 'echo Linux x86_64');
  // Runs what follows `--` with the Node version that was asked for.
  program('bin/npx', 'export ON="$2"; shift 3; exec "$@"');
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, lines: string): void {
  writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${lines}\n`);
  chmodSync(join(folder, name), 0o755);
}

/**
 * Last line and exit code of CI. `./test` behaves like `installed` on the installed Node, and like `image` on the
 * image's.
 */
function run(installed: string, image: string): { last: string | undefined; exit: number | null } {
  program('test', `if [ -z "\${ON:-}" ]; then ${installed}; else ${image}; fi`);
  const { stdout, status } = spawnSync(join(folder, '.ci/run'), {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, CLUSTER: '' },
  });
  return { last: stdout.trimEnd().split('\n').at(-1), exit: status };
}

const closing = (passed: number, failed: number): string => `echo ${passed} passed, ${failed} failed`;

describe('CI', () => {
  it('adds up both runs in one line', () => {
    expect(run(closing(5, 0), closing(3, 0))).toEqual({ last: '8 passed, 0 failed', exit: 0 });
  });

  it('fails when either run does', () => {
    expect(run(closing(5, 0), closing(2, 1))).toEqual({ last: '7 passed, 1 failed', exit: 1 });
    expect(run(closing(4, 1), closing(3, 0))).toEqual({ last: '7 passed, 1 failed', exit: 1 });
  });

  it('fails when a run ends before its closing line, or tested nothing', () => {
    expect(run(closing(5, 0), 'echo 3 passed, 0 failed; echo Killed; exit 137')).toEqual({
      last: '5 passed, 1 failed',
      exit: 1,
    });
    expect(run(closing(5, 0), 'exit 1')).toEqual({ last: '5 passed, 1 failed', exit: 1 });
    expect(run(closing(0, 0), closing(3, 0))).toEqual({ last: '3 passed, 1 failed', exit: 1 });
  });

  it('runs the suites that need real servers on the Node that is installed', () => {
    const counted =
      'if [ "$CLUSTER" = required ]; then echo 10 passed, 0 failed; else echo 1 passed, 0 failed; fi';
    expect(run(counted, counted)).toEqual({ last: '11 passed, 0 failed', exit: 0 });
  });

  it('says so where the Node of the images cannot be had, and counts the one run', () => {
    program('bin/uname', 'echo Darwin arm64');
    expect(run(closing(5, 0), closing(2, 1))).toEqual({ last: '5 passed, 0 failed', exit: 0 });
  });
});

describe('the Node of the images', () => {
  const text = (file: string): string => readFileSync(join(root, file), 'utf8');

  it('is the one that CI tests on', () => {
    const [, tested] = /^image_node=(\d+\.\d+)\.\d+$/m.exec(text('.ci/run'))!;
    expect(text('Dockerfile')).toContain(`\nARG NODE_IMAGE=node:${tested}-bookworm-slim\n`);
  });

  it('gets results of its own: what Nx remembers of another Node does not count', () => {
    const { namedInputs, targetDefaults } = JSON.parse(text('nx.json'));
    expect(namedInputs.node).toEqual([{ runtime: 'node --version' }]);
    for (const target of ['build', 'test']) expect(targetDefaults[target].inputs).toContain('node');
  });
});

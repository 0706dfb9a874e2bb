import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const names = ['case-note', 'acquisition-and-purchase-request-of-a-patron'];
let copy: string;

/** The workspace with one empty context. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'readership-aggregate-'));
  const kept = [
    'package.json',
    'tsconfig.base.json',
    'eslint.config.js',
    '.prettierrc.json',
    'jest.preset.js',
  ];
  for (const file of [...kept, 'tools/lint', 'tools/generate/aggregate.mjs']) {
    cpSync(join(root, file), join(copy, file), { recursive: true });
  }
  for (const file of ['package.json', 'jest.config.js']) {
    cpSync(join(root, 'libs/feedback', file), join(copy, 'libs/feedback', file));
  }
  // The rules take the contexts from the folders of the services.
  mkdirSync(join(copy, 'apps/feedback'), { recursive: true });
  mkdirSync(join(copy, 'libs/feedback/src'));
  writeFileSync(join(copy, 'libs/feedback/src/publish.ts'), '');
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

function run(folder: string, program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', program, ...args], {
    cwd: join(copy, folder),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], NODE_OPTIONS: '--experimental-vm-modules' },
  });
  return { status, said: stdout + stderr };
}
const generate = (...args: readonly string[]) => run('.', 'tools/generate/aggregate.mjs', ...args);
const installed = (program: string) => join(copy, 'node_modules', program);

describe('a generated aggregate', () => {
  beforeAll(() => {
    for (const name of names) expect(generate('feedback', name)).toMatchObject({ status: 0 });
  });

  it('is its events, its decider and the decider’s spec, in a folder of its own', () => {
    for (const name of names) {
      expect(readdirSync(join(copy, `libs/feedback/src/${name}s`)).sort()).toEqual([
        `${name}.decider.spec.ts`,
        `${name}.decider.ts`,
        `${name}.events.ts`,
      ]);
    }
  });

  it('is formatted', () =>
    expect(run('.', installed('prettier/bin/prettier.cjs'), '--check', 'libs')).toMatchObject({ status: 0 }));

  it('passes the lint rules', () =>
    expect(run('.', installed('eslint/bin/eslint.js'), 'libs')).toEqual({ status: 0, said: '' }));

  it('passes the type check', () => {
    const compilerOptions = { composite: false, noEmit: true, types: ['node', 'jest'] };
    const config = { extends: './tsconfig.base.json', compilerOptions, include: ['libs/*/src/**/*.ts'] };
    writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
    expect(run('.', installed('typescript/bin/tsc'), '-p', '.')).toEqual({ status: 0, said: '' });
  }, 60_000);

  it('passes its own spec', () => {
    const { status, said } = run('libs/feedback', installed('jest/bin/jest.js'));
    expect(said).toContain('Tests:       6 passed, 6 total');
    expect(status).toBe(0);
  }, 60_000);
});

describe('the generator writes nothing', () => {
  it.each([
    [[], /usage/],
    [['feedback'], /usage/],
    [['feedback', 'a', 'b'], /usage/],
    [['nowhere', 'case-note'], /no context; there are feedback/],
    [['feedback', 'CaseNote'], /kebab-case/],
    [['feedback', '../escape'], /kebab-case/],
    [['feedback', 'case'], /reserved/],
    [['feedback', 'refusal'], /reserved/],
  ])('for %j', (args, words) => {
    const before = readdirSync(join(copy, 'libs/feedback/src'));
    const { status, said } = generate(...args);
    expect([status, said.trim().split('\n').length]).toEqual([1, 1]);
    expect(said).toMatch(words);
    expect(readdirSync(join(copy, 'libs/feedback/src'))).toEqual(before);
  });

  it('over what is there', () => {
    const folder = join(copy, 'libs/feedback/src/letters');
    mkdirSync(folder);
    writeFileSync(join(folder, 'letter.decider.ts'), 'mine');
    expect(generate('feedback', 'letter')).toEqual({
      ...{ status: 1, said: 'libs/feedback/src/letters/letter.decider.ts exists: nothing was written.\n' },
    });
    expect(existsSync(join(folder, 'letter.events.ts'))).toBe(false);
  });
});

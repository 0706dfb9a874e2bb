import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { publishedFacts } from '@readership/contracts';

/** The house rules as a test. Its exceptions must be needed: one that is not fails too. */
const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const code = files.filter((file) => /\.(ts|js|mjs)$/.test(file));
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

const exceptions: Readonly<Record<string, readonly string[]>> = {
  'at most 400 lines': [],
  'a role of the closed list': [],
};

function holds(rule: keyof typeof exceptions, broken: readonly string[]): void {
  const excused = exceptions[rule] ?? [];
  expect(broken.filter((file) => !excused.includes(file))).toEqual([]);
  expect(excused.filter((file) => !broken.includes(file))).toEqual([]);
}

it('a file of code has at most 400 lines', () => {
  holds(
    'at most 400 lines',
    code.filter((file) => text(file).split('\n').length > 401),
  );
});

it('no test is left out or run alone', () => {
  const marked = new RegExp(
    String.raw`\b(it|describe|test)\.(only|skip|todo)\b|\b(xit|xdescribe|fit|fdescribe)\(`,
  );
  expect(code.filter((file) => file !== 'tools/tidy.spec.ts' && marked.test(text(file)))).toEqual([]);
});

it('a role in a file name is one of the closed list', () => {
  const roles =
    /^[a-z0-9-]+(\.(events|decider|projection|tally|controller|module|contract|fixture|spec|http\.spec|contract\.spec|cluster\.spec|browser\.spec))?\.(ts|js|mjs)$/;
  const configs = /^(jest|eslint)\.[a-z.]*js$/;
  holds(
    'a role of the closed list',
    code.filter(
      (file) =>
        !configs.test(basename(file)) &&
        !roles.test(
          basename(file).replace(/\.[a-z-]+\.spec\.ts$/, (tail) =>
            tail.replace(/^\.(events|decider|projection|tally|controller|contract)\.spec/, '.spec'),
          ),
        ),
    ),
  );
});

it('no folder or file is a drawer', () => {
  const drawer = /(^|\/)(common|shared|utils?|helpers?|types|dto|misc)(\/|\.(ts|js|mjs)$)/;
  expect(files.filter((file) => drawer.test(file))).toEqual([]);
});

it('every decider, projection and tally has a spec beside it', () => {
  const ruled = code.filter((file) => /\.(decider|projection|tally)\.ts$/.test(file));
  const lacking = ruled.filter((file) => {
    const stem = basename(file).replace(/\.(decider|projection|tally)\.ts$/, '');
    const specs = files.filter((other) => dirname(other) === dirname(file) && other.endsWith('.spec.ts'));
    return !specs.some(
      (spec) => basename(spec).startsWith(stem) || text(spec).includes(`./${basename(file, '.ts')}.js`),
    );
  });
  expect(lacking).toEqual([]);
});

it('every published fact has a fixture of its version, and its schema accepts it', () => {
  for (const [type, { schema, data }] of Object.entries(publishedFacts)) {
    const file = `libs/contracts/fixtures/${type}.v${schema}.json`;
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    expect([file, data.safeParse(JSON.parse(text(file))).success]).toEqual([file, true]);
  }
});

it('no private name stands for itself: I-prefixes, Impl, Base, Manager, Helper', () => {
  const bad =
    /\b(?:class|interface|type) (I[A-Z][a-z]\w*|\w*(?:Impl|Base|Abstract|Manager|Helper|Util))\b\s*(?:[={<]|extends|implements)/;
  expect(
    code.filter((file) => bad.test(text(file))).map((file) => `${file}: ${bad.exec(text(file))?.[1]}`),
  ).toEqual([]);
});

it('one index.ts per library, and none inside', () => {
  expect(files.filter((file) => /^libs\/[^/]+\/src\/.+\/index\.ts$/.test(file))).toEqual([]);
});

it('every environment variable that is read is documented', () => {
  const read = new Set(
    code
      .filter((file) => !file.endsWith('.spec.ts'))
      .flatMap((file) =>
        [...text(file).matchAll(/\bREADERSHIP_[A-Z_]+\b/g)].map(([name]) => name.replace(/_FILE$/, '')),
      ),
  );
  const documented = text('docs/configuration.md');
  expect([...read].filter((name) => !documented.includes(name))).toEqual([]);
});

it('no outside host, and no path of one machine, is named in what is installed', () => {
  const lock = JSON.parse(text('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved?.startsWith('http'))).toEqual([]);
});

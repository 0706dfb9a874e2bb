import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { contextNames, publishedFacts } from '@readership/contracts';
import ts from 'typescript';

/** The house rules as a test. An exception that is no longer needed fails too. */
const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const code = files.filter((file) => /(?<!\.d)\.(ts|js|mjs)$/.test(file));
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

describe('imports', () => {
  /** A file's imports among the files of this repository, including imports of types. */
  function importsOf(file: string): readonly string[] {
    const specifiers = ts
      .preProcessFile(text(file), true, true)
      .importedFiles.map(({ fileName }) => fileName);
    return specifiers.flatMap((specifier) => {
      const ours = /^@readership\/([^/]+)(\/.+)?$/.exec(specifier);
      const path = ours
        ? sourceOf(`libs/${ours[1]}`, `.${ours[2] ?? ''}`)
        : specifier.startsWith('.') && join(dirname(file), specifier);
      if (!path) return [];
      return [path, path.replace(/\.js$/, '.ts')].filter((each) => known.has(each)).slice(0, 1);
    });
  }

  function sourceOf(folder: string, entry: string): string {
    const { exports } = JSON.parse(text(`${folder}/package.json`)) as {
      exports: Record<string, { 'readership-source': string }>;
    };
    return join(folder, exports[entry]!['readership-source']);
  }

  const known = new Set(code);
  const imports = new Map(code.map((file) => [file, importsOf(file)]));

  /** The import cycles that are reachable from each file, each as its files in order. */
  function circles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
    const found: string[] = [];
    const done = new Set<string>();
    const walk = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (done.has(file)) return;
      done.add(file);
      for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
    };
    for (const file of graph.keys()) walk(file, []);
    return found;
  }

  it('make no circle, those of types included', () => {
    expect([...imports.values()].flat().length).toBeGreaterThan(code.length);
    expect(circles(imports)).toEqual([]);
    const graph = new Map([
      ['a', ['b', 'd']],
      ['b', ['c']],
      ['c', ['a']],
      ['d', ['c']],
    ]);
    expect(circles(graph)).toEqual(['a → b → c → a']);
  });

  it('a source file that only specs import is a fixture', () => {
    const isTest = (file: string) => /\.(spec|fixture)\.ts$/.test(file);
    const importers = new Map<string, string[]>();
    for (const [file, imported] of imports) {
      for (const each of imported) importers.set(each, [...(importers.get(each) ?? []), file]);
    }
    const onlyTested = [...importers].filter(([, by]) => by.every(isTest)).map(([file]) => file);
    expect(onlyTested).toContain('libs/analytics/src/neighbours.fixture.ts');
    const shipped = /^(?:libs|apps)\/[^/]+\/src\/(?!testing\.ts$)/;
    expect(onlyTested.filter((file) => shipped.test(file) && !isTest(file))).toEqual([]);
  });
});

it('the contexts are listed in one place', () => {
  const listsOf = (file: string) => text(file).match(/\[\s*(?:['"][\w-]+['"],?\s*)+\]/g) ?? [];
  const namesEach = (list: string) => contextNames.every((name) => list.includes(name));
  const lists = code.filter((file) => !file.endsWith('.spec.ts') && listsOf(file).some(namesEach));
  expect(lists).toEqual(['libs/contracts/src/contexts.ts']);
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

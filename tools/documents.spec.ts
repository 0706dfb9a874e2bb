import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTable } from '@readership/host';
import { Clone, type Begun } from './clone.fixture.js';
import { differing, scriptOf, shownIn } from './shown-commands.fixture.js';
import { endOfLife } from './node-releases.mjs';

const root = join(import.meta.dirname, '..');

/** An install and a build, on a machine that others use too. */
const fromNothingMs = 1_800_000;

describe('the README, in a clone where nothing was installed or built', () => {
  let clone: Clone;
  let readership: Begun;
  let atOnce: Begun;
  beforeAll(async () => {
    clone = new Clone();
    readership = clone.begin('./start', '--port', '0', '--sample', 'none');
    // Nothing answers there; it ends once it is built.
    atOnce = clone.begin('npx', 'readership', 'audit', '--url', 'http://127.0.0.1:9', '--key', 'k');
    while (!readership.out.includes('README.md has')) {
      await new Promise((resume) => setTimeout(resume, 200));
      const exit = await Promise.race([readership.ended, null]);
      if (exit !== null) throw new Error(`./start ended with ${exit}: ${readership.err}`);
    }
  }, fromNothingMs);
  afterAll(async () => {
    await readership.stop();
    await atOnce.stop();
    clone.forget();
  }, fromNothingMs);

  it(
    '`./start` and `npx readership` can be the first at the same time, and one of them installs',
    async () => {
      expect([await atOnce.ended, atOnce.out]).toEqual([1, '']);
      const said = `${readership.err}${atOnce.err}`;
      expect([said.match(/^Installing packages …$/gm), said.match(/^Building …$/gm)]).toEqual([
        ['Installing packages …'],
        ['Building …'],
      ]);
      expect(said).not.toMatch(/ERR_|^ +at /m);
      expect(readership.out).toMatch(/^Readership runs at /);
    },
    fromNothingMs,
  );

  it('`./start` says at most one line about its Node', () => {
    const line = endOfLife(process.versions.node, new Date());
    expect(readership.err.match(/^.*end of life.*$/gm)).toEqual(line === null ? null : [line]);
  });

  it(
    'shows what its commands print',
    () => {
      const shown = shownIn(clone.folder, 'README.md');
      const url = /Readership runs at (\S+)/.exec(readership.out)![1]!;
      const { out } = clone.run(scriptOf(shown).replace('http://127.0.0.1:8080', url));
      expect(differing(shown, out)).toEqual([]);
      expect(shown.length).toBeGreaterThan(12);
    },
    fromNothingMs,
  );

  it('leaves nothing that Git would take', () => expect(clone.changed()).toEqual([]));
});

describe('in a clone where nothing was installed or built, what only asks, or asks wrongly,', () => {
  let clone: Clone;
  beforeAll(() => {
    clone = new Clone();
  });
  afterAll(() => clone.forget());

  it.each([
    ['./start --help', /^usage: \.\/start /],
    ['tools/run-cluster -h', /^usage: npm run cluster /],
    ['./readership --help', /^usage: npx readership COMMAND/],
    ['node tools/bin/readership.mjs audit --help', /^usage: npx readership audit /],
    ['./start --colour', /^\.\/start: there is no option --colour; /],
    ['./start --port 70000', /^\.\/start: --port takes a number from 0 to 65535; /],
    ['tools/run-cluster --sample large', /^npm run cluster: --sample takes /],
    ['node tools/bin/readership.mjs audit --wait soon --key k', /^readership: --wait takes /],
    ['./readership frob', /^readership: the commands are audit, /],
  ])('is answered without installing or building: %s', (command, words) => {
    // In their place, so that one that is called would be seen.
    const bin = join(clone.folder, '.nx/bin');
    const called = join(clone.folder, '.nx/called');
    const script = `mkdir -p ${bin}; for name in npm npx; do printf '#!/bin/sh\\necho called >>${called}\\n' >${bin}/$name; chmod +x ${bin}/$name; done; PATH=${bin}:$PATH; ${command}`;
    const { out, err, exit } = clone.run(script);
    const isHelp = words.source.startsWith('^usage');
    expect([exit, isHelp ? err : out]).toEqual([isHelp ? 0 : 2, '']);
    expect(isHelp ? out : err).toMatch(words);
    if (!isHelp) expect(err).toMatch(/^[^\n]+\n$/);
    expect([existsSync(called), existsSync(join(clone.folder, 'node_modules'))]).toEqual([false, false]);
  });
});

describe('docs/configuration.md', () => {
  it('is the table that the schema gives', () => {
    const { everywhere, services } = configTable();
    const rows = [...everywhere, ...services].map(
      ({ name, fallback, meaning }) => `| \`${name}\` | ${fallback} | ${meaning} |`,
    );
    const text = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });
});

describe('docs/reliability.md', () => {
  const text = readFileSync(join(root, 'docs/reliability.md'), 'utf8');

  it('names tests that exist, by file and title', () => {
    const lacking: string[] = [];
    let named = 0;
    for (const [, file, titles] of text.matchAll(/`([\w./-]+\.spec\.ts)`((?:,? “[^”]+”)*)/g)) {
      const path = join(root, file!);
      if (!existsSync(path)) lacking.push(file!);
      for (const [, title] of titles!.matchAll(/“([^”]+)”/g)) {
        named++;
        if (existsSync(path) && !readFileSync(path, 'utf8').includes(title!))
          lacking.push(`${file} ${title}`);
      }
    }
    expect(lacking).toEqual([]);
    expect(named).toBeGreaterThan(30);
  });

  it('says of every fault what covers it', () => {
    const rows = [...text.matchAll(/^\| F(\d+) \|[^|]+\| (.+) \|$/gm)].map(([, number]) => Number(number));
    expect(rows).toEqual(Array.from({ length: 26 }, (_, at) => at + 1));
  });
});

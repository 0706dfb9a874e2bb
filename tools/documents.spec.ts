import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configTable } from '@readership/host';
import { Running } from './running.js';

const root = join(import.meta.dirname, '..');

interface Shown {
  readonly command: string;
  readonly output: string;
}

/** The commands of a document's console blocks with the output it shows. */
function shownIn(document: string): Shown[] {
  const shown: { command: string; output: string }[] = [];
  for (const [, block] of readFileSync(join(root, document), 'utf8').matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const line of block!.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) shown.push({ command: line.slice(2), output: '' });
      else shown[shown.length - 1]!.output += `${line}\n`;
    }
  }
  return shown;
}

const matches = (actual: string, shown: string): boolean =>
  new RegExp(
    `^${shown
      .trim()
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[\\s\\S]*')}$`,
  ).test(actual.trim());

describe('the README', () => {
  let running: Running;
  beforeAll(async () => {
    running = await Running.start();
  }, 60_000);
  afterAll(async () => {
    await running.stop();
    running.forget();
  });

  it('shows what its commands print', () => {
    const shown = shownIn('README.md');
    const folder = mkdtempSync(join(tmpdir(), 'readership-tour-'));
    const script = shown
      .filter(({ command }) => !command.startsWith('export '))
      .map(
        ({ command }) =>
          `${command.replace('npx readership', `node ${join(root, 'tools/bin/readership.mjs')}`)}\nprintf '\\n@@@\\n'`,
      );
    const run = spawnSync('bash', ['-s'], {
      input: script.join('\n'),
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', URL: running.url, KEY: running.key },
    });
    const printed = run.stdout.split('\n@@@\n');
    const differing = shown
      .filter(({ command }) => !command.startsWith('export '))
      .map(({ command, output }, index) => ({ command, shown: output, printed: printed[index] ?? '' }))
      .filter(({ shown, printed }) => !matches(printed, shown === '' ? '…' : shown));
    expect(differing).toEqual([]);
    expect(shown.length).toBeGreaterThan(8);
  }, 60_000);
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

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isBuilt } from './built.mjs';

let root: string;
const stamp = 'node_modules/.readership/tools';
/** A file of that age; the build began at 100. */
function file(name: string, changedAtS: number): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), '');
  utimesSync(join(root, name), changedAtS, changedAtS);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'readership-built-'));
  for (const name of ['package-lock.json', 'libs/kernel/src/store.ts', 'apps/x/main.ts', 'tools/cli/main.ts'])
    file(name, 50);
  file('tools/dist/cli/main.js', 150);
  file(stamp, 100);
});
afterEach(() => rmSync(root, { recursive: true }));

const built = (): boolean => isBuilt(root, 'tools');

describe('the command line runs without asking Nx', () => {
  it('when nothing has changed since the build began', () => expect(built()).toBe(true));

  it('when only what the build writes has changed', () => {
    for (const name of ['libs/kernel/dist/store.js', 'tools/.reports/jest.json', 'apps/x/node_modules/y.js'])
      file(name, 200);
    expect(built()).toBe(true);
  });

  it.each(['package-lock.json', 'libs/kernel/src/store.ts', 'libs/kernel/src/new.ts', 'tools/cli/main.ts'])(
    'not when %s was changed since',
    (name) => {
      file(name, 101);
      expect(built()).toBe(false);
    },
  );

  it.each([stamp, 'tools/dist/cli/main.js'])('not when %s is missing', (name) => {
    rmSync(join(root, name));
    expect(built()).toBe(false);
  });

  it('not when the program of one of the projects is missing', () => {
    const projects = 'tools,feedback-service,standalone';
    file(`node_modules/.readership/${projects}`, 100);
    file('apps/standalone/bundle/main.js', 150);
    expect(isBuilt(root, projects)).toBe(false);
    file('apps/feedback/bundle/main.js', 150);
    expect(isBuilt(root, projects)).toBe(true);
  });
});

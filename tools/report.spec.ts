import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-report-'));
  for (const part of ['libs', 'apps']) mkdirSync(join(folder, part));
});
afterEach(() => rmSync(folder, { recursive: true }));

const outcome = { numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 0, numTodoTests: 0 };

function packaged(name: string, scripts: object, reports: Readonly<Record<string, object>>): void {
  const home = join(folder, name);
  mkdirSync(join(home, '.reports'), { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ scripts }));
  for (const [suite, counts] of Object.entries(reports)) {
    const report = { ...outcome, testResults: [], ...counts };
    writeFileSync(join(home, `.reports/${suite}.json`), JSON.stringify(report));
  }
}

function reported(
  cluster: 'required' | '',
  elsewhere = 0,
): { last: string | undefined; exit: number | null } {
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'report.mjs'), `${elsewhere}`],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, CLUSTER: cluster } },
  );
  return { last: stdout.trim().split('\n').pop(), exit: status };
}

describe('the closing line', () => {
  it('sums every package, and the cluster suites where they are required', () => {
    packaged(
      'libs/one',
      { test: '', cluster: '' },
      { jest: { numPassedTests: 2 }, cluster: { numPassedTests: 3 } },
    );
    packaged('tools', { test: '' }, { jest: { numPassedTests: 5 } });
    expect(reported('required')).toEqual({ last: '10 passed, 0 failed', exit: 0 });
    expect(reported('')).toEqual({ last: '7 passed, 0 failed', exit: 0 });
  });

  it('counts a package without its report as a failure', () => {
    packaged('libs/one', { test: '', cluster: '' }, { jest: { numPassedTests: 2 } });
    expect(reported('required')).toEqual({ last: '2 passed, 1 failed', exit: 1 });
    expect(reported('')).toEqual({ last: '2 passed, 0 failed', exit: 0 });
  });

  it('counts what is skipped, does not load, or failed elsewhere', () => {
    packaged(
      'apps/one',
      { test: '' },
      { jest: { numPassedTests: 1, numPendingTests: 1, numRuntimeErrorTestSuites: 1 } },
    );
    expect(reported('', 2)).toEqual({ last: '1 passed, 4 failed', exit: 1 });
  });

  it('is a failure when nothing was tested', () => {
    expect(reported('')).toEqual({ last: '0 passed, 0 failed', exit: 1 });
  });
});

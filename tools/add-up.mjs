// Adds up runs of ./test by their closing lines and closes with one line `N passed, N failed`; exits 1 when anything failed. A run
// that did not come to its closing line counts as one failure, and so does one that tested nothing.
// usage: node tools/add-up.mjs <the output of a run> …
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1);
  const [, ofPassed = '0', ofFailed = '0'] = /^(\d+) passed, (\d+) failed$/.exec(last) ?? [];
  passed += Number(ofPassed);
  failed += ofPassed === '0' && ofFailed === '0' ? 1 : Number(ofFailed);
  console.log(`${basename(file)}: ${last}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

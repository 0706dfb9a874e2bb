// Sums what Jest reported in every package and closes with one line `N passed, N failed`; exits 1 when anything failed.
// usage: node tools/report.mjs [failures seen elsewhere, such as by the type check or the linter]
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const elsewhere = Number(process.argv[2] ?? 0);
let passed = 0;
let failed = elsewhere;
for (const file of ['libs', 'apps'].flatMap(reportsUnder).concat(existing('tools/.reports/jest.json'))) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  // A suite that does not load, and a test that is skipped, are failures too.
  failed +=
    report.numFailedTests + report.numRuntimeErrorTestSuites + report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) {
    if (suite.status === 'failed')
      console.log(`FAILED ${suite.name.split(/(?=libs\/|apps\/|tools\/)/).pop()}\n${suite.message}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function reportsUnder(folder) {
  return readdirSync(folder).flatMap((name) => existing(`${folder}/${name}/.reports/jest.json`));
}

function existing(file) {
  return existsSync(file) ? [file] : [];
}

// Sums what Jest reported in every package and closes with one line `N passed, N failed`; exits 1 when anything failed.
// With CLUSTER=required the cluster suites count too. A package that should have reported and did not has failed.
// usage: node tools/report.mjs [failures seen elsewhere, such as by the type check or the linter]
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const elsewhere = Number(process.argv[2] ?? 0);
const suites = process.env.CLUSTER === 'required' ? { test: 'jest', cluster: 'cluster' } : { test: 'jest' };
let passed = 0;
let failed = elsewhere;
for (const { script, file } of packages().flatMap(reportsOf)) {
  if (!existsSync(file)) {
    failed += 1;
    console.log(`FAILED ${file}: no report; the script ${script} did not come that far`);
    continue;
  }
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

function packages() {
  const below = ['libs', 'apps'].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  return [...below, 'tools'].filter((folder) => existsSync(`${folder}/package.json`));
}

function reportsOf(folder) {
  const { scripts = {} } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return Object.entries(suites)
    .filter(([script]) => script in scripts)
    .map(([script, name]) => ({ script, file: `${folder}/.reports/${name}.json` }));
}

// How long the board and a metric of 36 months take for a consortium of 300 branches, asked one after the other of a
// whole Readership process that is idle otherwise, after N loans of 3,000 readers, 30,000 by default.
// usage: node tools/dist/bench/answers.js [N]
import { ReadershipClient } from '@readership/client';
import { audit } from '../cli/audit.js';
import { Running } from '../running.js';
import { recordLoans, register } from './consortium.js';
import { latencyHeader, latencyRow, quantiles } from './latencies.js';
import { countFrom } from './within.js';

const loans = countFrom(process.argv[2], 30_000, 10_000_000);
const branches = 300;
const readers = 3_000;
const warmUps = 20;
const requests = 300;

const running = await Running.start();
try {
  const client = new ReadershipClient(running.url, running.key);
  await register(client, branches, readers);
  await recordLoans(client, loans, branches, readers);
  const { found } = await audit(client, 3_600_000);
  if (found.length > 0) throw new Error(found.join('; '));
  console.log(latencyHeader);
  for (const [what, path] of [
    ['board', '/v1/metrics?to=2024-01'],
    ['metric of 36 months', '/v1/metrics/loans?from=2021-02&to=2024-01'],
  ] as const) {
    const tookMs: number[] = [];
    for (let n = -warmUps; n < requests; n++) {
      const begun = performance.now();
      await client.send('GET', path);
      if (n >= 0) tookMs.push(performance.now() - begun);
    }
    console.log(latencyRow(`${what}, ${branches} branches`, quantiles(tookMs), '≤ 20', 'requests'));
  }
} finally {
  await running.stop();
  running.forget();
}

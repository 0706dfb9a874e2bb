// Peak memory and cost per event of a whole Readership process that takes in N interactions by HTTP in batches of 2,000.
// The process is measured from outside (VmHWM); N defaults to 1,000,000 of N ÷ 20 readers.
// usage: node tools/dist/bench/memory.js [N]
import { ReadershipClient } from '@readership/client';
import { readFileSync } from 'node:fs';
import { audit } from '../cli/audit.js';
import { Running } from '../running.js';

const n = Number(process.argv[2] ?? 1_000_000);
const readers = n / 20;
const perRequest = 2_000;

const running = await Running.start();
const client = new ReadershipClient(running.url, running.key);
await client.send('POST', '/v1/libraries', { id: 'L', name: 'L' });
for (let b = 0; b < 24; b++) {
  await client.send('POST', '/v1/branches', { id: `B${b}`, name: `B${b}`, library: 'L', timeZone: 'UTC' });
}
for (let at = 0; at < readers; at += perRequest) {
  await client.sendLines(
    '/v1/patrons/batch',
    Array.from({ length: Math.min(perRequest, readers - at) }, (_, i) => ({
      cards: [`C${at + i}`],
      givenName: 'Given',
      familyName: 'Family',
      homeBranch: `B${(at + i) % 24}`,
      enrolledOn: '2021-01-04',
    })),
  );
}
const begun = Date.now();
for (let at = 0; at < n; at += perRequest) {
  await client.recordMany(
    Array.from({ length: perRequest }, (_, i) => ({
      specversion: '1.0' as const,
      type: 'org.readership.interaction.v1' as const,
      source: '/bench',
      id: String(at + i),
      time: new Date(Date.UTC(2021, 1, 1) + ((at + i) / n) * 3 * 365 * 86_400_000).toISOString(),
      data: { kind: 'loan' as const, branch: `B${(at + i) % 24}`, card: `C${((at + i) * 7919) % readers}` },
    })),
  );
}
const acknowledged = Date.now();
const { found } = await audit(client, 600_000);
const applied = Date.now();
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8'))?.[1];
console.log(
  `${n} interactions: ${Math.round(n / ((acknowledged - begun) / 1000))}/s acknowledged, ${Math.round(n / ((applied - begun) / 1000))}/s applied, peak ${Math.round(Number(peak) / 1024)} MB, ${found.length} accounts do not hold`,
);
await running.stop();
running.forget();

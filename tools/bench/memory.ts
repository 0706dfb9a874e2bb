// Peak memory and cost per event of a whole Readership process that takes N interactions by HTTP in batches of 2,000,
// and then rebuilds all figures for another policy. The process is measured from outside (VmHWM). N defaults to
// 1,000,000, with N ÷ 20 readers.
// usage: node tools/dist/bench/memory.js [N]
import { ReadershipClient } from '@readership/client';
import { writeFileSync } from 'node:fs';
import { audit } from '../cli/audit.js';
import { Running } from '../running.js';
import { cpuSeconds, peakMb } from './processes.js';

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
const { found } = await audit(client, 3_600_000);
const applied = Date.now();
const since = cpuSeconds(running.pid);
console.log(
  `${n} interactions: ${rate(acknowledged - begun)}/s acknowledged, ${rate(applied - begun)}/s applied, ` +
    `${((since / n) * 1e6).toFixed(1)} µs of processor time each, peak ${peakMb(running.pid)} MB, ${found.length} accounts do not hold`,
);

// A change of policy rebuilds every figure beside the live ones, then switches.
writeFileSync(`/proc/${running.pid}/clear_refs`, '5');
const { body: before } = await client.send<{ policy: { windowMonths: number } }>(
  'GET',
  '/v1/metrics/current-readers',
);
const windowMonths = before.policy.windowMonths === 24 ? 12 : 24;
const changed = Date.now();
await client.send('PUT', '/v1/consortium', {
  name: 'Bench',
  activityPolicy: { qualifying: ['loan', 'visit'], windowMonths, digital: true },
});
for (;;) {
  const { body } = await client.send<{ policy: { windowMonths: number } }>(
    'GET',
    '/v1/metrics/current-readers',
  );
  if (body.policy.windowMonths === windowMonths) break;
  await new Promise((resume) => setTimeout(resume, 200));
}
console.log(
  `rebuilt: ${rate(Date.now() - changed)} interactions/s, ${(((cpuSeconds(running.pid) - since) / n) * 1e6).toFixed(1)} µs of processor time each, peak ${peakMb(running.pid)} MB`,
);
await running.stop();
running.forget();

function rate(ms: number): number {
  return Math.round(n / (ms / 1000));
}

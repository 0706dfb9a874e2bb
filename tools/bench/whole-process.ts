import { contextNames } from '@readership/contracts';
import { ReadershipClient } from '@readership/client';
import { databasesIn } from '@readership/embedded';
import Database from 'libsql';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from '../cli/audit.js';
import { Running } from '../running.js';
import { recordLoans, register } from './consortium.js';
import { cpuSeconds, peakMb } from './processes.js';

const branches = 24;

/** What a whole Readership process needed for each of its interactions. */
export interface WholeProcess {
  readonly acknowledgedPerSecond: number;
  readonly appliedPerSecond: number;
  /** Processor time in µs per interaction, that of the start and of the readers' registration included. */
  readonly processorUs: number;
  /** Bytes per interaction of the pages in use, by database; those of the readers included. */
  readonly stored: ReadonlyMap<string, number>;
}

/**
 * Starts a Readership process, lets it take N interactions of N ÷ 20 readers by HTTP in batches of 2,000, and then
 * rebuild all figures for another policy. It is measured from outside (VmHWM). `say` gets one line after each half.
 */
export async function measureWholeProcess(n: number, say: (line: string) => void): Promise<WholeProcess> {
  const readers = n / 20;
  const running = await Running.start();
  const client = new ReadershipClient(running.url, running.key);
  const rate = (ms: number): number => Math.round(n / (ms / 1000));
  const each = (seconds: number): number => (seconds / n) * 1e6;
  await register(client, branches, readers);
  const begun = Date.now();
  await recordLoans(client, n, branches, readers);
  const acknowledged = Date.now();
  const { found } = await audit(client, 3_600_000);
  const applied = Date.now();
  const since = cpuSeconds(running.pid);
  const measured = {
    acknowledgedPerSecond: rate(acknowledged - begun),
    appliedPerSecond: rate(applied - begun),
    processorUs: each(since),
    stored: storedIn(running.folder, n),
  };
  say(
    `${n} interactions: ${measured.acknowledgedPerSecond}/s acknowledged, ${measured.appliedPerSecond}/s applied, ` +
      `${measured.processorUs.toFixed(1)} µs of processor time each, peak ${peakMb(running.pid)} MB, ${found.length} accounts do not hold`,
  );

  // A change of policy rebuilds every figure beside the live ones, then switches.
  writeFileSync(`/proc/${running.pid}/clear_refs`, '5');
  const windowOf = async (): Promise<number> => {
    const path = '/v1/metrics/current-readers';
    const { body } = await client.send<{ policy: { windowMonths: number } }>('GET', path);
    return body.policy.windowMonths;
  };
  const windowMonths = (await windowOf()) === 24 ? 12 : 24;
  const changed = Date.now();
  await client.send('PUT', '/v1/consortium', {
    name: 'Bench',
    activityPolicy: { qualifying: ['loan', 'visit'], windowMonths, digital: true },
  });
  while ((await windowOf()) !== windowMonths) await new Promise((resume) => setTimeout(resume, 200));
  say(
    `rebuilt: ${rate(Date.now() - changed)} interactions/s, ${each(cpuSeconds(running.pid) - since).toFixed(1)} µs of processor time each, peak ${peakMb(running.pid)} MB`,
  );
  await running.stop();
  running.forget();
  return measured;
}

function storedIn(folder: string, n: number): ReadonlyMap<string, number> {
  const files = databasesIn(
    folder,
    contextNames.map((name) => ({ name })),
  );
  return new Map(
    files.map((file) => {
      const db = new Database(join(folder, file), { readonly: true });
      const pragma = (name: string): number =>
        Object.values(db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[0]!;
      const bytes = (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
      db.close();
      return [file.replace(/\.db$/, ''), bytes / n] as const;
    }),
  );
}

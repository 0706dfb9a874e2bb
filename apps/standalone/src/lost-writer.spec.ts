import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  endPrograms,
  loan,
  newFolder,
  Program,
  removeFolders,
  until,
  withBranch,
} from './program.fixture.js';

afterEach(endPrograms);
afterAll(removeFolders);

/** Ends the thread that writes the interactions as soon as a file exists. */
const preload = (how: string, file: string) => `
const { isMainThread, workerData } = require('node:worker_threads');
if (!isMainThread && workerData.path.endsWith('interaction-log.db'))
  setInterval(() => { if (require('node:fs').existsSync(${JSON.stringify(file)})) { ${how} } }, 5);`;

it.each([
  ['exits', 'process.exit(7)', /^The thread that writes \S+\/interaction-log\.db has ended \(exit code 7\)/],
  [
    'throws',
    `throw new Error('no more')`,
    /^The thread that writes \S+\/interaction-log\.db has ended \(no more\)/,
  ],
])(
  'a thread that writes and %s ends the process with one line; every write that waits is answered, and none that was acknowledged is lost',
  async (_, how, words) => {
    const folder = newFolder();
    const [end, script] = [join(folder, 'end'), join(folder, 'preload.cjs')];
    writeFileSync(script, preload(how, end));
    const args = ['--data', folder, '--sample', 'none'];
    const key = { READERSHIP_ADMIN_KEY: 'process-spec-key-0123456789-0123456789' };
    const first = await new Program(args, {
      env: { ...key, NODE_OPTIONS: `--require ${script}` },
    }).started();
    await withBranch(first);
    const acknowledged: number[] = [];
    const statuses = new Set<number>();
    let sent = 0;
    const writing = Promise.all(
      Array.from({ length: 20 }, async () => {
        while (first.running) {
          const id = sent++;
          const status = await first.send('/v1/interactions', loan(id)).then(
            (answer) => answer.status,
            () => undefined,
          );
          if (status === undefined) break;
          statuses.add(status);
          if (status === 201) acknowledged.push(id);
        }
      }),
    );
    await until(() => acknowledged.length >= 100, 20_000);
    writeFileSync(end, '');
    await writing;
    expect(await first.ended).toBe(1);
    expect(first.err.split('\n').filter((line) => line.startsWith('The thread'))).toEqual([
      expect.stringMatching(words),
    ]);
    expect([...statuses].every((status) => status === 201 || status === 503)).toBe(true);

    const second = await new Program(args).started();
    for (const id of acknowledged)
      expect([id, (await second.send('/v1/interactions', loan(id))).status]).toEqual([id, 200]);
  },
  180_000,
);

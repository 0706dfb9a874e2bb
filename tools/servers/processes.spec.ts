import { processes, type ServerProcess } from '#processes';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-processes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const server = (name: string, script: string): ServerProcess => ({
  name,
  install: () => Promise.resolve(),
  command: ({ folder: home }) => ['sh', '-c', script, `${home}/data`],
});

describe('a process', () => {
  it('is seen at once, however busy the machine is', async () => {
    const busy = [1, 2, 3, 4].map(() => spawn('sh', ['-c', 'while :; do :; done']));
    const runtime = processes(folder, folder);
    const started = Array.from({ length: 100 }, (_, at) => server(`s${at}`, 'sleep 5; true'));
    try {
      for (const each of started) {
        await runtime.launch(each);
        expect(await runtime.running(each)).toBeGreaterThan(0);
      }
    } finally {
      for (const each of busy) each.kill('SIGKILL');
      for (const each of started) await runtime.signal(each, 'SIGKILL');
    }
  });

  it('that ends at once is not waited for', async () => {
    const runtime = processes(folder, folder);
    const brief = server('brief', 'exit 1');
    await runtime.launch(brief);
    let id = await runtime.running(brief);
    for (let looks = 0; id !== undefined && looks < 1_000; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      id = await runtime.running(brief);
    }
    expect(id).toBeUndefined();
  });
});

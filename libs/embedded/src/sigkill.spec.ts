import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relay, type Publish, type Stored } from '@readership/kernel';
import { fileAdapters, SqliteEventLog } from './index.js';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist', 'index.js');
const masterKey = Buffer.alloc(32, 9);
const publish: Publish = (_, stream) => ({ key: stream, fact: { type: 'Counted', schema: 1, data: {} } });
const kills = 6;

/** Appends without end, one by one and many at once, relays, and prints each command once it is acknowledged. */
const program = `
import { writeSync } from 'node:fs';
import { Relay } from '@readership/kernel';
import { fileAdapters } from ${JSON.stringify(dist)};
const [folder, round] = process.argv.slice(1);
const adapters = await fileAdapters({
  folder,
  masterKey: Buffer.alloc(32, 9),
  cardKey: Buffer.alloc(32, 8),
  contexts: [{ name: 'counting' }],
});
const store = adapters.eventStore('counting', (_, stream) => ({ key: stream, fact: { type: 'Counted', schema: 1, data: {} } }));
const meta = (commandId) => ({ commandId, at: new Date().toISOString(), actor: 'test' });
const event = (n) => ({ type: 'Counted', data: { n }, personal: { n } });
async function oneByOne(name) {
  for (let n = 0; ; n++) {
    const id = name + '/' + n;
    if ((await store.append('count-' + name, n, [event(n)], meta(id))).outcome === 'appended') writeSync(1, id + '\\n');
  }
}
async function manyAtOnce(name) {
  for (let n = 0; ; n++) {
    const commits = Array.from({ length: 40 }, (_, i) => ({ stream: 'count-' + name + '-' + n + '-' + i, expectedVersion: 0, events: [event(i), event(i)], meta: meta(name + '/' + n + '/' + i) }));
    await store.appendEach(commits);
    writeSync(1, commits.map(({ meta }) => meta.commandId + '\\n').join(''));
  }
}
async function relay() {
  const relay = new Relay('counting', 0, store, adapters.eventLog);
  const signal = new AbortController().signal;
  for (;;) if ((await relay.step()) === 0) await store.changed(signal);
}
await Promise.all([oneByOne(round + 'a'), oneByOne(round + 'b'), oneByOne(round + 'c'), manyAtOnce(round + 'm'), relay()]);
`;

/** The commands that a process acknowledged before it was killed. */
async function acknowledged(folder: string, round: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder, String(round)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    timer ??= setTimeout(() => child.kill('SIGKILL'), 40 + round * 90);
  });
  const signal = await new Promise((resolve) => child.on('close', (_code, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  return printed.split('\n').slice(0, -1);
}

it('keeps everything it acknowledged, once, however often it is killed', async () => {
  if (!existsSync(dist))
    execFileSync(process.execPath, [join(root, '../../node_modules/typescript/bin/tsc'), '-b'], {
      cwd: root,
    });
  const folder = mkdtempSync(join(tmpdir(), 'readership-sigkill-'));
  const acks: string[] = [];
  for (let round = 0; round < kills; round++) acks.push(...(await acknowledged(folder, round)));
  expect(acks.length).toBeGreaterThan(kills);

  const adapters = await fileAdapters({
    folder,
    masterKey,
    cardKey: Buffer.alloc(32, 8),
    contexts: [{ name: 'counting' }],
  });
  const store = adapters.eventStore('counting', publish);
  const events: Stored[] = [];
  for (let after = 0; ; after = events[events.length - 1]!.position) {
    const page = await store.readPage(0, after, 500);
    if (page.length === 0) break;
    events.push(...page);
  }
  const commands = new Map<string, number>();
  const versions = new Map<string, number>();
  for (const { commandId, stream, version, personal, data } of events) {
    commands.set(commandId, (commands.get(commandId) ?? 0) + 1);
    expect(version).toBe((versions.get(stream) ?? 0) + 1);
    versions.set(stream, version);
    expect(personal).toEqual(data);
  }
  expect(acks.filter((id) => commands.get(id) !== (id.includes('m/') ? 2 : 1))).toEqual([]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);

  // The log holds what was relayed before each kill exactly once; the rest follows.
  const relay = new Relay('counting', 0, store, adapters.eventLog);
  while ((await relay.step()) > 0);
  const records = (adapters.eventLog as SqliteEventLog).read(0, 0, events.length + 1);
  expect(records.map(({ position }) => position)).toEqual(events.map(({ position }) => position));
  expect(records.map(({ offset }) => offset)).toEqual(events.map((_, i) => i + 1));
  await adapters.close();
  rmSync(folder, { recursive: true });
});

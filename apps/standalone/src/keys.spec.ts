import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileAdapters, openDriver } from '@readership/embedded';
import { startApp, testKeys } from '@readership/host/testing';
import { modulesOn, stores } from './modules.js';

const main = join(import.meta.dirname, '../bundle/main.js');
const kept = join(import.meta.dirname, '../../../libs/embedded/fixtures/format-1');
const names = ['log', ...stores.map(({ name }) => name)];

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'readership-keys-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Keeps the databases of format 1, which were made with `testKeys`. */
function keep(databases: readonly string[]): void {
  for (const name of databases) {
    const driver = openDriver(join(folder, `${name}.db`));
    driver.exec(readFileSync(join(kept, `${name}.sql`), 'utf8'));
    driver.close();
  }
}

const open = (keys: object = {}) => fileAdapters({ folder, ...testKeys, contexts: stores, ...keys });

const text = (key: Buffer): string => key.toString('base64');
const keysFile = {
  masterKey: text(testKeys.masterKey),
  cardKey: text(testKeys.cardKey),
  linkKey: text(testKeys.linkKey),
  adminKey: testKeys.adminKey,
};

const others = { masterKey: Buffer.alloc(32, 8), cardKey: Buffer.alloc(32, 9) };

describe('the data of an earlier release', () => {
  it('is served with the keys that it was made with, and what was sent before is known', async () => {
    keep(names);
    const adapters = await open();
    const app = await startApp(modulesOn, adapters);
    try {
      await app
        .when({ url: '/v1/patrons?card=k-100%20200' })
        .then(200, { items: [{ givenName: 'Grace', familyName: 'Hopper', homeBranch: 'KEPT-1' }] });
      const sent = {
        specversion: '1.0',
        type: 'org.readership.interaction.v1',
        source: '/kept',
        id: '1',
        time: '2024-03-06T10:00:00Z',
        data: { branch: 'KEPT-1', kind: 'loan', card: 'K100200' },
      };
      await app.when({ url: '/v1/interactions', body: sent }).then(200, { outcome: 'already-recorded' });
      await app
        .when({ url: '/v1/testimonials/kept' })
        .then(200, { text: 'She learned to read here.', branch: 'KEPT-1' });
      await app
        .when({ url: '/v1/metrics/loans?scope=branch:KEPT-1&from=2024-03&to=2024-03' })
        .then(200, { points: [{ value: 1 }] });
    } finally {
      await app.close();
      await adapters.close();
    }
    await expect(open({ cardKey: others.cardKey })).rejects.toThrow(/another card key/);
    await (await open()).close();
  }, 60_000);

  it.each(['patron-profile', 'interaction-log', 'feedback'])(
    'of %s alone shows which card key and which master key made it',
    async (name) => {
      keep([name]);
      for (const [key, other] of Object.entries(others)) {
        await expect(open({ [key]: other })).rejects.toThrow(
          new RegExp(`${name}\\.db was made with another ${key === 'cardKey' ? 'card' : 'master'} key`),
        );
      }
      await (await open()).close();
      const driver = openDriver(join(folder, `${name}.db`));
      expect(driver.prepare('SELECT name FROM settings ORDER BY name').all([]).flat()).toEqual([
        'cardKey',
        'masterKey',
        'partitions',
      ]);
      driver.close();
    },
  );
});

describe('a start beside data', () => {
  /** Runs the built program. Resolves to its exit code and output. */
  async function run(env: object = {}): Promise<{ code: number | null; err: string; out: string }> {
    const child = spawn(process.execPath, [main, '--port', '0', '--data', folder, '--sample', 'none'], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      // It must not start.
      if (out.includes('Readership runs')) child.kill('SIGKILL');
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, err, out };
  }

  const files = (): unknown =>
    readdirSync(folder)
      .filter((file) => !/-(wal|shm)$|^lock$/.test(file))
      .map((file) => [file, file.endsWith('.db') ? '' : readFileSync(join(folder, file), 'utf8')]);

  async function refused(words: RegExp, env: object = {}): Promise<void> {
    const before = files();
    const { code, err, out } = await run(env);
    expect({ code, err, out }).toEqual({ code: 1, err: expect.stringMatching(words), out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(files()).toEqual(before);
    // Nothing was written: the right keys still open it.
    await (await open()).close();
  }

  it('without keys.json is refused, and makes no keys', async () => {
    keep(names);
    await refused(
      /keys\.json lack masterKey, cardKey, linkKey, adminKey, and the folder holds data .*patron-profile\.db/,
    );
  }, 60_000);

  it('with a keys.json that lacks one key is refused, and makes none', async () => {
    keep(names);
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ ...keysFile, cardKey: undefined }));
    await refused(/keys\.json lack cardKey, and the folder holds data/);
  }, 60_000);

  it.each([
    ['masterKey', 'master'],
    ['cardKey', 'card'],
  ] as const)(
    'with another %s is refused, from an earlier release and from this one',
    async (name, word) => {
      keep(names);
      writeFileSync(join(folder, 'keys.json'), JSON.stringify({ ...keysFile, [name]: text(others[name]) }));
      const words = new RegExp(`\\.db was made with another ${word} key`);
      await refused(words);
      await refused(words);
    },
    120_000,
  );
});

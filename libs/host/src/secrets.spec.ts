import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from './config.js';
import { adminKeyShown, keepSampleKeys, keptSampleKeys, loadSecrets } from './secrets.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-secrets-'));
  file = join(folder, 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const load = (databases: readonly string[] = [], env: Record<string, string> = {}) =>
  loadSecrets(readConfig({ READERSHIP_DATA: folder, ...env }), databases);

it('are made once, and kept where their owner alone reads them', () => {
  const first = load();
  expect(first.adminKeyIsNew).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(load()).toEqual(first);
  // It may stand on a command line as it is.
  expect(first.secrets.adminKey).toMatch(/^[0-9a-f]{64}$/);
});

it('say that the access key is new until it was shown', () => {
  const { secrets } = load();
  expect(load()).toEqual({ secrets, adminKeyIsNew: true });
  adminKeyShown(readConfig({ READERSHIP_DATA: folder }));
  expect(load()).toEqual({ secrets, adminKeyIsNew: false });
});

it('of the sample consortium are kept beside the others, which stay', () => {
  const config = readConfig({ READERSHIP_DATA: folder });
  const { secrets } = load();
  expect(keptSampleKeys(config)).toEqual({});
  keepSampleKeys(config, { analyst: 'rk_1' });
  keepSampleKeys(config, { ...keptSampleKeys(config), monitor: 'rk_2' });
  expect(keptSampleKeys(config)).toEqual({ analyst: 'rk_1', monitor: 'rk_2' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  adminKeyShown(config);
  expect(load()).toEqual({ secrets, adminKeyIsNew: false });
  expect(keptSampleKeys(config)).toEqual({ analyst: 'rk_1', monitor: 'rk_2' });
});

describe('beside data', () => {
  const beside = ['log.db', 'feedback.db'];

  it.each(['masterKey', 'cardKey', 'linkKey', 'adminKey'])('are not made when %s is missing', (name) => {
    load();
    const made = JSON.parse(readFileSync(file, 'utf8')) as object;
    const text = JSON.stringify({ ...made, [name]: undefined });
    writeFileSync(file, text);
    expect(() => load(beside)).toThrow(
      `The keys in ${file} lack ${name}, and the folder holds data that needs them (log.db, feedback.db): restore the original file or a copy of it.`,
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('are not made when the file is missing', () => {
    expect(() => load(beside)).toThrow(
      /lack masterKey, cardKey, linkKey, adminKey, and the folder holds data/,
    );
    expect(existsSync(file)).toBe(false);
  });

  it.each(['', '{', 'null', '{"masterKey":"short"}'])('are not made when the file holds %j', (text) => {
    writeFileSync(file, text);
    expect(() => load(beside)).toThrow(/cannot be read/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('may come from the environment alone', () => {
    const key = Buffer.alloc(32, 1).toString('base64');
    const env = {
      READERSHIP_MASTER_KEY: key,
      READERSHIP_CARD_KEY: key,
      READERSHIP_LINK_KEY: key,
      READERSHIP_ADMIN_KEY: 'an-admin-key-of-the-environment',
    };
    expect(load(beside, env).adminKeyIsNew).toBe(false);
    expect(existsSync(file)).toBe(false);
  });
});

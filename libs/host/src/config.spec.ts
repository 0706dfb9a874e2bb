import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadConfig, configTable, readConfig, readServiceConfig } from './config.js';
import { adminKeyShown, loadSecrets } from './secrets.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const problems = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    return (error as BadConfig).problems;
  }
};

describe('the configuration', () => {
  it('has a default for all that is not a secret', () =>
    expect(readConfig({})).toEqual({
      port: 8080,
      host: '127.0.0.1',
      dataFolder: '.data',
      publicUrl: 'http://127.0.0.1:8080',
      trustedProxies: [],
      ratePerSecond: 2000,
      maxConnections: 1000,
      logLevel: 'info',
    }));

  it('lists everything that is wrong at once, and no value', () => {
    const found = problems({
      READERSHIP_PORT: '80a',
      READERSHIP_ADMIN_KEY: 'short',
      READERSHIP_MASTER_KEY: 'c2hvcnQ=',
      READERSHIP_PUBLIC_URL: 'ftp://x',
      LOG_LEVEL: 'loud',
    });
    expect(found.map((line) => line.split(':')[0])).toEqual([
      'READERSHIP_PORT',
      'READERSHIP_PUBLIC_URL',
      'LOG_LEVEL',
      'READERSHIP_ADMIN_KEY',
      'READERSHIP_MASTER_KEY',
    ]);
    expect(found.join()).not.toMatch(/80a|short|c2hvcnQ|loud/);
  });

  it('takes proxies by address, by network or by their number, and nothing else', () => {
    const proxies = (text: string) => readConfig({ READERSHIP_TRUSTED_PROXIES: text }).trustedProxies;
    expect([proxies('10.1.2.3,fd00::/8'), proxies('1'), proxies('0')]).toEqual([
      ['10.1.2.3', 'fd00::/8'],
      1,
      0,
    ]);
    for (const bad of ['10', '-1', '1,2', 'gateway', '10.0.0.0/33', 'true'])
      expect([bad, problems({ READERSHIP_TRUSTED_PROXIES: bad })]).toEqual([
        bad,
        [
          'READERSHIP_TRUSTED_PROXIES: addresses or networks such as 10.0.0.0/8, separated by commas, or a number from 0 to 9',
        ],
      ]);
  });

  it('takes an empty variable for an absent one', () =>
    expect(readConfig({ READERSHIP_PORT: '' }).port).toBe(8080));

  it('reads a secret from the file that <NAME>_FILE names', () => {
    const file = join(folder, 'key');
    writeFileSync(file, `${Buffer.alloc(32, 9).toString('base64')}\n`);
    expect(readConfig({ READERSHIP_CARD_KEY_FILE: file }).cardKey).toEqual(Buffer.alloc(32, 9));
  });

  it('refuses a variable given twice, and a file that is not there', () =>
    expect(
      problems({
        READERSHIP_ADMIN_KEY: 'a-key-of-more-than-20-characters',
        READERSHIP_ADMIN_KEY_FILE: join(folder, 'x'),
        READERSHIP_LINK_KEY_FILE: join(folder, 'x'),
      }),
    ).toEqual([
      'READERSHIP_ADMIN_KEY: set it or READERSHIP_ADMIN_KEY_FILE, not both',
      'READERSHIP_LINK_KEY_FILE: the file cannot be read',
    ]));

  it('names each variable in the table for its documentation', () =>
    expect(configTable().everywhere.map(({ name }) => name)).toContain('READERSHIP_RATE_PER_SECOND'));

  it('of a service demands every address and every key, and has no default for any', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const env = {
      READERSHIP_MONGODB_URL: 'mongodb://mongodb:27017/?replicaSet=rs0',
      READERSHIP_KAFKA_BROKERS: 'kafka-1:9092,kafka-2:9092',
      READERSHIP_REDIS_URL: 'redis://redis:6379',
      READERSHIP_MASTER_KEY: key,
      READERSHIP_CARD_KEY: key,
      READERSHIP_LINK_KEY: key,
      READERSHIP_ADMIN_KEY: 'an-admin-key-0123456789',
    };
    expect(readServiceConfig(env)).toMatchObject({
      kafkaBrokers: ['kafka-1:9092', 'kafka-2:9092'],
      partitions: 12,
    });
    for (const name of Object.keys(env)) {
      const without = { ...env, [name]: undefined };
      expect(() => readServiceConfig(without)).toThrow(`${name}: set it, or ${name}_FILE`);
    }
    expect(() => readServiceConfig({ ...env, READERSHIP_KAFKA_BROKERS: 'kafka' })).toThrow(
      'READERSHIP_KAFKA_BROKERS: an address such as',
    );
  });

  it('of a service takes a user of the brokers with a password alone', () => {
    const problemsOf = (env: Record<string, string>) => {
      try {
        readServiceConfig(env);
        return [];
      } catch (error) {
        return (error as BadConfig).problems.filter((problem) => /_KAFKA_(?!BROKERS)/.test(problem));
      }
    };
    const [user, password] = ['READERSHIP_KAFKA_USER', 'READERSHIP_KAFKA_PASSWORD'];
    expect(problemsOf({ [user]: 'crm' })).toEqual([`${password}: set it, or ${password}_FILE`]);
    expect(problemsOf({ [password]: 'secret' })).toEqual([`${user}: set it, or ${user}_FILE`]);
    expect(problemsOf({ [user]: 'crm', [password]: 'secret' })).toEqual([]);
    expect(problemsOf({ READERSHIP_KAFKA_TLS: 'yes', READERSHIP_KAFKA_MECHANISM: 'gssapi' })).toEqual([
      'READERSHIP_KAFKA_TLS: true or false',
      'READERSHIP_KAFKA_MECHANISM: one of plain, scram-sha-256, scram-sha-512',
    ]);
  });
});

describe('the keys', () => {
  it('are made once, kept for their owner alone, and the same ever after', () => {
    const config = readConfig({ READERSHIP_DATA: folder });
    const first = loadSecrets(config);
    expect(first.adminKeyIsNew).toBe(true);
    expect(first.secrets.masterKey).toHaveLength(32);
    expect(first.secrets.adminKey.length).toBeGreaterThanOrEqual(43);
    expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600);
    expect(loadSecrets(config).secrets).toEqual(first.secrets);
  });

  it('have an access key that is new until it was shown', () => {
    const config = readConfig({ READERSHIP_DATA: folder });
    const { secrets } = loadSecrets(config);
    expect(loadSecrets(config)).toEqual({ secrets, adminKeyIsNew: true });
    adminKeyShown(config);
    expect(loadSecrets(config)).toEqual({ secrets, adminKeyIsNew: false });
    adminKeyShown(config);
    expect(loadSecrets(config)).toEqual({ secrets, adminKeyIsNew: false });
  });

  it('are closed to others where they lie open, and whatever the umask is', () => {
    const file = join(folder, 'keys.json');
    const mask = process.umask(0o777);
    const config = readConfig({ READERSHIP_DATA: folder });
    try {
      writeFileSync(`${file}.new`, 'of a start that was killed', { mode: 0o666 });
      chmodSync(`${file}.new`, 0o666);
      loadSecrets(config);
    } finally {
      process.umask(mask);
    }
    expect([statSync(file).mode & 0o777, readdirSync(folder)]).toEqual([0o600, ['keys.json']]);
    chmodSync(file, 0o644);
    loadSecrets(config);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('that are a link stay one, and one that leads nowhere is never replaced', () => {
    const [link, file] = [join(folder, 'keys.json'), join(folder, 'mounted.json')];
    const config = readConfig({ READERSHIP_DATA: folder });
    symlinkSync(file, link);
    expect(() => loadSecrets(config)).toThrow(`${link} cannot be read (ENOENT)`);
    writeFileSync(file, '{}');
    const { secrets } = loadSecrets(config);
    expect([lstatSync(link).isSymbolicLink(), JSON.parse(readFileSync(file, 'utf8'))]).toMatchObject([
      true,
      { adminKey: secrets.adminKey },
    ]);
  });

  it('that cannot be read are never made anew, and not quoted', () => {
    const config = readConfig({ READERSHIP_DATA: folder });
    for (const damaged of ['{"masterKey":"c2VjcmV0"}', '{"adminKey": secret', '', '[]', '5', 'null']) {
      writeFileSync(join(folder, 'keys.json'), damaged);
      expect(() => loadSecrets(config)).toThrow(/^The keys in .*keys\.json cannot be read: restore [^"]*$/);
    }
  });

  it('come from the environment where it gives them', () => {
    const { secrets, adminKeyIsNew } = loadSecrets(
      readConfig({
        READERSHIP_DATA: folder,
        READERSHIP_ADMIN_KEY: 'a-key-of-more-than-20-characters',
        READERSHIP_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      }),
    );
    expect(adminKeyIsNew).toBe(false);
    expect(secrets.adminKey).toBe('a-key-of-more-than-20-characters');
    expect(secrets.masterKey).toEqual(Buffer.alloc(32, 7));
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Publish } from '@readership/kernel';
import {
  caughtBy,
  keyedContext,
  runCase,
  storeKeysContract,
  storeKeysSaboteurs,
  type Maker,
  type StoreKeysFixture,
} from '@readership/kernel/testing';
import { fileAdapters, openDriver, type SqlDriver } from './index.js';

const publish: Publish = (_, stream) => ({ key: stream, fact: null });

const make: Maker<StoreKeysFixture> = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'readership-keys-'));
  const inDatabase = <T>(name: string, work: (driver: SqlDriver) => T): T => {
    const driver = openDriver(join(folder, `${name}.db`));
    try {
      return work(driver);
    } finally {
      driver.close();
    }
  };
  return {
    partitions: 1,
    port: {
      open: async (keys) => {
        const adapters = await fileAdapters({ ...keys, folder, contexts: [keyedContext] });
        return {
          store: adapters.eventStore(keyedContext.name, publish),
          close: () => adapters.close(),
        };
      },
    },
    reopen: async () => undefined,
    content: async () => ['log', 'contract'].map((name) => inDatabase(name, contentOf)).join('\n'),
    forgetFingerprints: async () => {
      for (const name of ['log', 'contract'])
        inDatabase(name, (driver) => driver.exec("DELETE FROM settings WHERE name <> 'partitions'"));
    },
    setFormat: async (format) =>
      inDatabase('contract', (driver) => {
        if (format === 1) driver.exec('ALTER TABLE heads RENAME COLUMN rev TO at');
        driver.exec(`PRAGMA user_version = ${format}`);
      }),
    close: async () => rmSync(folder, { recursive: true }),
  };
};

function contentOf(driver: SqlDriver): string {
  const tables = driver.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).all([]);
  return JSON.stringify([
    driver.prepare('PRAGMA user_version').get([]),
    ...tables.map(([table]) => [table, driver.prepare(`SELECT * FROM "${table as string}"`).all([])]),
  ]);
}

describe('the keys and the format of a data folder', () => {
  for (const one of storeKeysContract) it(one.name, () => runCase(make, one));
});

describe('the suite notices an opening that', () => {
  for (const saboteur of storeKeysSaboteurs) {
    it(saboteur.name, async () =>
      expect(await caughtBy(storeKeysContract, make, saboteur)).toBe(saboteur.breaks),
    );
  }
});

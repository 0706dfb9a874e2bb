import 'reflect-metadata';
import { adaptersOver, openDriver, type SqlDriver } from '@readership/embedded';
import { startApp, testKeys, type TestApp } from '@readership/host/testing';
import { around } from '@readership/kernel/testing';
import { modulesOn } from './modules.js';

/**
 * What one interaction of a registered reader may add to the databases: rows written by table, and bytes. Each bound is
 * close above what was measured, so lower it when the store gets smaller.
 */
const perInteractionMax = {
  /** One, and one more for each pack of 32. */
  commits: 1.04,
  /** Of the log, with fifty records each. Measured: 0.07. */
  pages: 0.1,
  /** A batch writes a row or a count once, however many records are about it. Measured with the usual batches: 1.35. */
  rows: 2,
  /** Measured: 2.25. */
  cells: 4,
  /** One, of the index that lists the interactions of a patron by time. */
  entries: 1,
  /** Measured: 1,146. */
  bytes: 1_190,
};

const interactions = 4_000;
const perRequest = 2_000;
const readers = interactions / 20;
const branches = 24;

/** Rows written by table, from when the counting begins. */
const written = new Map<string, number>();
const drivers: SqlDriver[] = [];

function counting(driver: SqlDriver): SqlDriver {
  drivers.push(driver);
  return around(driver, {
    prepare: (sql) => {
      const statement = driver.prepare(sql);
      const table = /^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE) (\w+)/i.exec(sql)?.[1];
      if (table === undefined) return statement;
      return around(statement, {
        run: (values) => {
          const outcome = statement.run(values);
          written.set(table, (written.get(table) ?? 0) + outcome.changes);
          return outcome;
        },
      });
    },
  });
}

/** Bytes of the pages in use. */
function storedBytes(): number {
  const pragma = (driver: SqlDriver, name: string) => driver.prepare(`PRAGMA ${name}`).get([])![0] as number;
  return drivers
    .map(
      (driver) =>
        (pragma(driver, 'page_count') - pragma(driver, 'freelist_count')) * pragma(driver, 'page_size'),
    )
    .reduce((sum, bytes) => sum + bytes, 0);
}

async function lines(app: TestApp, url: string, all: readonly object[]): Promise<void> {
  const { text } = await app
    .when({
      url,
      body: all.map((line) => JSON.stringify(line)).join('\n'),
      headers: { 'content-type': 'application/x-ndjson' },
    })
    .then(200);
  expect(text).not.toContain('refused');
}

describe('a recorded interaction', () => {
  const measured: Record<string, number> = {};
  beforeAll(async () => {
    const adapters = adaptersOver(() => counting(openDriver(':memory:')), { masterKey: testKeys.masterKey });
    const app = await startApp(modulesOn, adapters);
    try {
      await app.when({ url: '/v1/libraries', body: { id: 'L', name: 'L' } }).then(201);
      for (let b = 0; b < branches; b++) {
        const branch = { id: `B${b}`, name: `B${b}`, library: 'L', timeZone: 'UTC' };
        await app.when({ url: '/v1/branches', body: branch }).then(201);
      }
      const patrons = Array.from({ length: readers }, (_, i) => ({
        cards: [`C${i}`],
        givenName: 'Given',
        familyName: 'Family',
        homeBranch: `B${i % branches}`,
        enrolledOn: '2021-01-04',
      }));
      await lines(app, '/v1/patrons/batch', patrons);
      await app.settled(60_000);
      written.clear();
      const before = storedBytes();
      for (let at = 0; at < interactions; at += perRequest) {
        const some = Array.from({ length: perRequest }, (_, i) => ({
          specversion: '1.0',
          type: 'org.readership.interaction.v1',
          source: '/ils',
          id: String(at + i),
          time: new Date(
            Date.UTC(2021, 1, 1) + ((at + i) / interactions) * 3 * 365 * 86_400_000,
          ).toISOString(),
          data: { kind: 'loan', branch: `B${(at + i) % branches}`, card: `C${((at + i) * 7919) % readers}` },
        }));
        await lines(app, '/v1/interactions/batch', some);
      }
      await app.settled(60_000);
      for (const [table, rows] of written) measured[table] = rows / interactions;
      measured['bytes'] = (storedBytes() - before) / interactions;
    } finally {
      await app.close();
      await adapters.close();
    }
  }, 300_000);

  it.each(Object.entries(perInteractionMax))('writes no more %s than stated', (what, max) => {
    expect(measured[what]).toBeGreaterThan(0);
    expect(measured[what]).toBeLessThanOrEqual(max);
  });
});

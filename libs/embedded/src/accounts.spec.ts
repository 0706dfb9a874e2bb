import type { NewRecord, Publish } from '@readership/kernel';
import { adaptersOver, openDriver, type SqlDriver } from './index.js';

/** Every statement that ran since the last check, whenever it was prepared. */
const ran: { readonly database: string; readonly sql: string }[] = [];
const drivers = new Map<string, SqlDriver>();

function watched(database: string): SqlDriver {
  const driver = openDriver(':memory:');
  drivers.set(database, driver);
  return {
    exec: (sql) => driver.exec(sql),
    prepare: (sql) => {
      const statement = driver.prepare(sql);
      const noting =
        <A extends unknown[], R>(run: (...args: A) => R) =>
        (...args: A): R => {
          ran.push({ database, sql });
          return run.apply(statement, args);
        };
      const { all, get, iterate, run } = statement;
      return { all: noting(all), get: noting(get), iterate: noting(iterate), run: noting(run) };
    },
    transaction: (work) => driver.transaction(work),
    close: () => driver.close(),
  };
}

/** SQLite's query plans for the statements that ran, one line per step. Fails when none did. */
function plans(): readonly string[] {
  expect(ran).not.toEqual([]);
  return ran.splice(0).flatMap(({ database, sql }) => {
    const parameters = Array.from(sql.matchAll(/\?/g), () => 0);
    const steps = drivers.get(database)!.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters);
    return steps.map((step) => String(step[3]));
  });
}

const publish: Publish = (event, stream) => ({
  key: stream,
  fact: event.type === 'Told' ? { type: 'Told', schema: 1, data: {} } : null,
});
const context = 'counting';
const meta = (n: number) => ({ commandId: `c-${n}`, at: '2024-01-01T00:00:00.000Z', actor: 'test' });

describe.each([1, 3])('the accounts of %i partitions', (partitions) => {
  const adapters = adaptersOver(watched, { masterKey: Buffer.alloc(32, 7), partitions });
  const store = adapters.eventStore(context, publish);
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  afterAll(() => adapters.close());

  beforeAll(async () => {
    for (let n = 0; n < 12; n++) {
      const events = [
        { type: 'Told', data: { n } },
        { type: 'Kept', data: { n } },
      ];
      await store.append(`count-${n}`, 0, events, meta(n));
    }
    const record: NewRecord = {
      ...{ partition: 0, context, position: 1, key: 'k', type: 'Told', schema: 1, stream: 's', id: 'e' },
      ...{ time: '2024-01-01T00:00:00.000Z', recordedAt: '2024-01-01T00:00:00.000Z', actor: 'a', body: '{}' },
    };
    await adapters.eventLog.publish(context, 0, 0, 2, [record, { ...record, position: 2 }]);
    ran.length = 0;
  });

  it('of a store are read from an index alone, up to any commit', async () => {
    for (const partition of all) {
      await store.account(partition);
      const ends = new Map((await store.readPage(partition, 0, 100)).map((e) => [e.stream, e.position]));
      ran.length = 0;
      for (const position of ends.values()) await store.account(partition, position);
      expect(plans().filter((step) => !step.includes('USING COVERING INDEX commits_counts'))).toEqual([]);
    }
  });

  it('of what waits in a store are read from an index alone, after any position', async () => {
    for (const partition of all) {
      const events = await store.readPage(partition, 0, 100);
      ran.length = 0;
      for (const { position } of events) await store.waiting(partition, position);
      expect(plans().filter((step) => !step.includes('USING COVERING INDEX commits_counts'))).toEqual([]);
    }
  });

  it('of the log are read from an index alone, up to any offset', async () => {
    expect(await adapters.eventLog.account(0)).toEqual([{ context, type: 'Told', records: 2 }]);
    expect(plans().filter((step) => !step.includes('USING COVERING INDEX pages_counts'))).toEqual([]);
  });

  it('of the log look at one page for an offset in its middle', async () => {
    ran.length = 0;
    expect(await adapters.eventLog.account(0, 1)).toEqual([{ context, type: 'Told', records: 1 }]);
    expect(ran.filter(({ sql }) => sql.includes('body'))).toHaveLength(1);
  });

  it('look at one body for a position in the middle of a commit', async () => {
    const pages = await Promise.all(all.map((partition) => store.readPage(partition, 0, 100)));
    const first = pages.flat().find(({ version, type }) => version === 1 && type === 'Told')!;
    const position = pages[first.partition]![0]!.position;
    ran.length = 0;
    const account = await store.account(first.partition, position);
    expect(account).toEqual({ recorded: 1, facts: 1, privateOnly: 0 });
    expect(ran.filter(({ sql }) => sql.includes('body'))).toHaveLength(1);
  });
});

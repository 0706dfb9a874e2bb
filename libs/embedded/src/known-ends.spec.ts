import type { NewRecord } from '@readership/kernel';
import { adaptersOver } from './embedded-adapters.js';
import { openDriver, type SqlDriver } from './sql-driver.js';

const record = (position: number) =>
  ({
    ...{ position, key: 'k', type: 'Noted', schema: 1, stream: 's', id: `e-${position}`, body: '{}' },
    ...{ time: '2024-01-01T00:00:00.000Z', recordedAt: '2024-01-01T00:00:00.000Z', actor: 'spec' },
  }) as NewRecord;

/** A log whose queries for the end of a partition are counted. */
function counted(partitions: number) {
  const queries: string[] = [];
  const drivers = (name: string): SqlDriver => {
    const driver = openDriver(':memory:');
    if (name !== 'log') return driver;
    return new Proxy(driver, {
      get(of, property: keyof SqlDriver) {
        if (property !== 'prepare') return of[property].bind(of);
        return (sql: string) => {
          const statement = of.prepare(sql);
          const get: typeof statement.get = (parameters) => {
            if (sql.includes('id > ?')) queries.push(sql);
            return statement.get(parameters);
          };
          return { get, run: statement.run.bind(statement), all: statement.all.bind(statement) };
        };
      },
    });
  };
  return { queries, adapters: adaptersOver(drivers, { masterKey: Buffer.alloc(32, 1), partitions }) };
}

describe('the known ends of a log', () => {
  it('are asked once for many answers, and follow what this process publishes', async () => {
    const { queries, adapters } = counted(3);
    const log = adapters.eventLog;
    for (let answer = 0; answer < 100; answer++) expect(log.knownEnds()).toEqual([0, 0, 0]);
    expect(queries).toHaveLength(3);
    await log.publish('profile', 1, 0, 4, [record(2), record(4)]);
    await log.publish('profile', 2, 0, 1, []);
    expect(log.knownEnds()).toEqual([0, 2, 0]);
    await log.publish('profile', 1, 4, 5, [record(5)]);
    expect(log.knownEnds()).toEqual([0, 3, 0]);
    expect(queries.length % 3).toBe(0);
    expect(await log.ends()).toEqual([0, 3, 0]);
    await adapters.close();
  });
});

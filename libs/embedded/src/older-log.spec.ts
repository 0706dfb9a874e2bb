import { createLogTables } from './schema.js';
import { openDriver } from './sql-driver.js';
import { SqliteEventLog } from './sqlite-event-log.js';
import { DirectWriter } from './writer.js';

it('a log that was made before trace contexts were kept is read as it was, and goes on', async () => {
  const driver = openDriver(':memory:');
  driver.exec(`
    CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE lanes (
      context TEXT NOT NULL, partition INTEGER NOT NULL, scanned INTEGER NOT NULL, published INTEGER NOT NULL,
      PRIMARY KEY (context, partition)
    ) WITHOUT ROWID;
    CREATE TABLE records (
      id INTEGER PRIMARY KEY,
      context TEXT NOT NULL, position INTEGER NOT NULL, previous INTEGER NOT NULL,
      key TEXT NOT NULL, type TEXT NOT NULL, schema INTEGER NOT NULL, stream TEXT NOT NULL, event TEXT NOT NULL,
      time TEXT NOT NULL, recorded_at TEXT NOT NULL, actor TEXT NOT NULL, correlation TEXT, causation TEXT,
      body TEXT NOT NULL
    );
    INSERT INTO records VALUES
      (1, 'people', 128, 0, 'k', 'Came', 1, 's', 'e-1', 't', 'r', 'a', 'trace', NULL, '{"n":1}');`);
  createLogTables(driver, 1);
  createLogTables(driver, 1);
  const log = new SqliteEventLog(driver, new DirectWriter(driver), 1, () => undefined);
  const old = {
    partition: 0,
    context: 'people',
    position: 128,
    key: 'k',
    type: 'Came',
    schema: 1,
    stream: 's',
    id: 'e-1',
    time: 't',
    recordedAt: 'r',
    actor: 'a',
    correlationId: 'trace',
    body: '{"n":1}',
  };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await log.publish('people', 0, 0, 256, [{ ...old, position: 256, traceparent }]);
  expect(log.read(0, 0, 10)).toEqual([
    { ...old, offset: 1, previous: 0 },
    { ...old, offset: 2, previous: 0, position: 256, traceparent },
  ]);
  driver.close();
});

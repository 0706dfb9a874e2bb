import { ReadershipClient } from '@readership/client';
import { openDriver, type SqlDriver } from '@readership/embedded';
import { join } from 'node:path';
import { Running } from '../running.js';
import { audit } from './audit.js';

const waitMs = 20_000;
let running: Running;

beforeEach(async () => {
  running = await Running.start();
  const client = new ReadershipClient(running.url, running.key);
  await client.send('POST', '/v1/libraries', { id: 'CITY', name: 'City Library' });
  await client.send('POST', '/v1/branches', {
    ...{ id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC', population: 9_000 },
  });
  await client.recordMany(
    [1, 2, 3].map((n) => ({
      ...{ specversion: '1.0', type: 'org.readership.interaction.v1', source: '/audit', id: `visit-${n}` },
      ...{ time: '2024-03-01T10:00:00Z', data: { kind: 'visit', branch: 'NORTH', quantity: n } },
    })),
  );
  expect((await audit(client, waitMs)).found).toEqual([]);
}, 60_000);

afterEach(async () => {
  await running.stop();
  running.forget();
});

/**
 * Stops the service, edits one of its databases, and starts it again. Returns what `readership audit` prints and its
 * exit code.
 */
async function afterEditing(
  database: string,
  edit: string | ((driver: SqlDriver) => void),
): Promise<{ found: string; exit: number | null }> {
  const { folder } = running;
  await running.stop();
  const driver = openDriver(join(folder, `${database}.db`));
  if (typeof edit === 'string') expect(driver.prepare(edit).run([]).changes).toBe(1);
  else edit(driver);
  driver.close();
  running = await Running.start({ folder });
  const { found } = await audit(new ReadershipClient(running.url, running.key), 2_000);
  return { found: found.join('\n'), exit: endOfAudit().exit };
}

const endOfAudit = () => running.readership('audit', '--wait', '1');

describe('readership audit', () => {
  it('exits 0 when every event is accounted for', () => {
    expect(endOfAudit()).toMatchObject({
      exit: 0,
      said: expect.stringContaining('Every event is accounted for.'),
    });
  });

  it('exits 1 when a record of the log is gone', async () => {
    const { found, exit } = await afterEditing('log', (driver) => {
      const [id, count, counts, body] = driver
        .prepare('SELECT * FROM pages ORDER BY id DESC LIMIT 1')
        .get([])!;
      const records = JSON.parse(`[${body as string}]`) as readonly (readonly unknown[])[];
      const name = `interaction-log ${records.at(-1)![2] as string}`;
      const left = { ...JSON.parse(counts as string) };
      expect(left[name]).toBeGreaterThan(0);
      left[name]--;
      const text = records.slice(0, -1).map((record) => JSON.stringify(record));
      driver
        .prepare('UPDATE pages SET count = ?, counts = ?, body = ? WHERE id = ?')
        .run([(count as number) - 1, JSON.stringify(left), text.join(), id!]);
    });
    expect(found).toMatch(/^interaction-log\/0: recorded 3 ≠ published 2/m);
    expect(exit).toBe(1);
  }, 60_000);

  it('exits 1 when a stored commit is gone', async () => {
    const last = 'SELECT max(id) - 1 FROM commits';
    const { found, exit } = await afterEditing('interaction-log', `DELETE FROM commits WHERE id = (${last})`);
    expect(found).toMatch(/^interaction-log\/0: recorded 2 ≠ published 3/m);
    expect(exit).toBe(1);
  }, 60_000);

  it('exits 1 when a read model has not counted what it took', async () => {
    const model = "SELECT id FROM models WHERE name LIKE 'directory.%'";
    const { found, exit } = await afterEditing(
      'analytics',
      `UPDATE heads SET body = json_set(body, '$.applied', json_extract(body, '$.applied') + 1) WHERE model = (${model})`,
    );
    expect(found).toMatch(/^analytics\/directory\.v\S+\/0: published \d+ ≠ applied/m);
    expect(exit).toBe(1);
  }, 60_000);
});

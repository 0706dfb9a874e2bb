import { ReadershipClient } from '@readership/client';
import { openDriver } from '@readership/embedded';
import { join } from 'node:path';
import { Running } from '../running.js';
import { audit } from './audit.js';

let running: Running;

beforeAll(async () => {
  running = await Running.start();
  const client = new ReadershipClient(running.url, running.key);
  await client.send('POST', '/v1/libraries', { id: 'CITY', name: 'City Library' });
  await client.send('POST', '/v1/branches', { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' });
  await client.recordMany(
    Array.from({ length: 50 }, (_, n) => ({
      ...{ specversion: '1.0', type: 'org.readership.interaction.v1', source: '/rebuild', id: `visit-${n}` },
      ...{ time: '2024-03-01T10:00:00Z', data: { kind: 'visit', branch: 'NORTH' } },
    })),
  );
  expect((await audit(client, 20_000)).found).toEqual([]);
}, 60_000);

afterAll(async () => {
  await running.stop();
  running.forget();
});

const readership = (...args: readonly string[]) => running.readership('rebuild', ...args);

const volumes = ['--context', 'analytics', '--model', 'volumes'];

async function visits(): Promise<number> {
  const client = new ReadershipClient(running.url, running.key);
  const url = '/v1/metrics/visits?from=2024-03&to=2024-03';
  return (await client.send<{ points: { value: number }[] }>('GET', url)).body.points[0]!.value;
}

/** Stops the service, changes a stored count of visits, and starts the service again. */
async function damage(): Promise<void> {
  const { folder } = running;
  await running.stop();
  const driver = openDriver(join(folder, 'analytics.db'));
  const model = "SELECT id FROM models WHERE name LIKE 'volumes.%'";
  driver.prepare(`UPDATE cells SET n = n + 7 WHERE model = (${model}) AND cell LIKE 'visit|%'`).run([]);
  driver.close();
  running = await Running.start({ folder });
}

describe('readership rebuild', () => {
  it('exits 0 when the live read model is what the log says, and leaves it', () => {
    const { said, exit } = readership(...volumes);
    expect(said).toContain('volumes version 2 was rebuilt: equal to the live one in all 1 partitions.');
    expect(said).toContain('The live one keeps serving.');
    expect(exit).toBe(0);
  }, 60_000);

  it('exits 1 when it is not, says where, and heals it when told to switch', async () => {
    await damage();
    expect(await visits()).toBe(57);
    const differing = readership(...volumes);
    expect(differing.said).toMatch(/differs from the live one in 1 of 1 partitions/);
    expect(differing.said).toMatch(/partition 0 at \d+: live [0-9a-f]{32}, rebuilt [0-9a-f]{32}/);
    expect(differing.exit).toBe(1);
    expect(await visits()).toBe(57);
    const healed = readership(...volumes, '--switch');
    expect(healed.said).toContain('The rebuilt one serves from now on.');
    expect(healed.exit).toBe(0);
    expect(await visits()).toBe(50);
  }, 120_000);

  it('gives up what waits', async () => {
    await damage();
    expect(readership(...volumes).exit).toBe(1);
    expect(readership(...volumes, '--abandon')).toMatchObject({ exit: 0 });
    expect(readership(...volumes, '--abandon').said).toContain('No rebuild of volumes is under way.');
    expect(await visits()).toBe(57);
  }, 120_000);

  it('says in one line what it cannot rebuild', () => {
    const { said, exit } = readership('--context', 'analytics', '--model', 'directory');
    expect(said).toMatch(/^INVALID: .*$/m);
    expect(exit).toBe(1);
  }, 60_000);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Publish } from '@readership/kernel';
import { DataKeys } from './data-keys.js';
import { adaptersOver, memoryAdapters, openDriver, type EmbeddedAdapters } from './index.js';

const masterKey = Buffer.alloc(32, 3);
const publish: Publish = (_, stream) => ({ key: stream, subject: 'person-1', fact: null });
const meta = { commandId: 'c1', at: '2026-01-01T00:00:00.000Z', actor: 'test' };
const named = { type: 'Named', data: { branch: 'NORTH' }, personal: { name: 'Wilhelmina Oyelaran' } };

async function nameOf(adapters: EmbeddedAdapters): Promise<unknown> {
  return (await adapters.eventStore('people', publish).load('patron-1')).events[0]!.personal;
}

it('keeps personal parts out of every byte on disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'readership-sealed-'));
  const adapters = adaptersOver((name) => openDriver(join(folder, name)), { masterKey });
  await adapters.eventStore('people', publish).append('patron-1', 0, [named], meta);
  expect(await nameOf(adapters)).toEqual(named.personal);
  const look = () =>
    Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file)))).toString('latin1');
  expect(look()).toContain('NORTH');
  expect(look()).not.toContain('Oyelaran');
  expect(look()).not.toContain(Buffer.from('Wilhelmina').toString('base64').slice(0, 12));
  await adapters.close();
  expect(look()).not.toContain('Oyelaran');
  rmSync(folder, { recursive: true });
});

it('reads a personal part as null once its key was destroyed, and the event stays', async () => {
  const driver = openDriver(':memory:');
  const kept = { ...driver, close: () => {} };
  for (const method of ['exec', 'prepare', 'transaction'] as const)
    kept[method] = driver[method].bind(driver) as never;
  const over = () =>
    adaptersOver((name) => (name === 'people' ? kept : openDriver(':memory:')), { masterKey });
  await over().eventStore('people', publish).append('patron-1', 0, [named], meta);
  expect(await nameOf(over())).toEqual(named.personal);
  driver.prepare('DELETE FROM keys WHERE subject = ?').run(['person-1']);
  const [event] = (await over().eventStore('people', publish).load('patron-1')).events;
  expect(event).toMatchObject({ type: 'Named', data: named.data, personal: null });
});

it('seals one subject under one key, made with the first commit that is stored', async () => {
  const driver = openDriver(':memory:');
  const adapters = adaptersOver((name) => (name === 'people' ? driver : openDriver(':memory:')), {
    masterKey,
  });
  const store = adapters.eventStore('people', publish);
  await store.append('patron-1', 5, [named], meta);
  expect(driver.prepare('SELECT count(*) FROM keys').get([])).toEqual([0]);
  await Promise.all([1, 2, 3].map((n) => store.append(`patron-${n}`, 0, [named], meta)));
  expect(driver.prepare('SELECT subject FROM keys').all([])).toEqual([['person-1']]);
  await adapters.close();
});

it('takes the key that somebody else stored first', async () => {
  const driver = openDriver(':memory:');
  const adapters = adaptersOver((name) => (name === 'people' ? driver : openDriver(':memory:')), {
    masterKey,
  });
  const store = adapters.eventStore('people', publish);
  await store.append('patron-1', 5, [named], meta);
  const theirs = new DataKeys(driver, masterKey).toSeal('person-1');
  driver.prepare('INSERT INTO keys VALUES (?, ?)').run(['person-1', theirs.wrapped]);
  expect(await store.append('patron-1', 0, [named], meta)).toMatchObject({ outcome: 'appended', version: 1 });
  expect(await nameOf(adapters)).toEqual(named.personal);
  await adapters.close();
});

it('opens nothing with a master key that is not the one it was, and seals nothing for those who have a key', async () => {
  const driver = openDriver(':memory:');
  const over = (key: Buffer) =>
    adaptersOver((name) => (name === 'people' ? driver : openDriver(':memory:')), { masterKey: key });
  await over(masterKey).eventStore('people', publish).append('patron-1', 0, [named], meta);
  const other = over(Buffer.alloc(32, 4));
  expect(await nameOf(other)).toBeNull();
  const again = other.eventStore('people', publish).append('patron-2', 0, [named], meta);
  await expect(again).rejects.toThrow('KEY_UNUSABLE');
  expect(await nameOf(over(masterKey))).toEqual(named.personal);
  expect(() => memoryAdapters({ masterKey: Buffer.alloc(5) }).eventStore('people', publish)).toThrow(
    '32 bytes',
  );
});

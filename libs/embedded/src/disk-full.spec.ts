import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Publish, Unavailable } from '@readership/kernel';
import { EmbeddedAdapters } from './embedded-adapters.js';
import { openDriver, type SqlDriver } from './sql-driver.js';
import { DirectWriter } from './writer.js';

const publish: Publish = (_, stream) => ({ key: stream, fact: { type: 'Counted', schema: 1, data: {} } });
const text = 'x'.repeat(20_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'readership-full-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('keeps what it acknowledged when there is no more room, stores nothing of the rest, and goes on when there is', async () => {
  const connections: SqlDriver[] = [];
  const adapters = new EmbeddedAdapters(
    (name) => {
      const path = join(folder, `${name}.db`);
      const writes = openDriver(path);
      connections.push(writes);
      return { driver: openDriver(path), writer: new DirectWriter(writes) };
    },
    { masterKey: Buffer.alloc(32, 9) },
  );
  const store = adapters.eventStore('counting', publish);
  const append = (n: number) =>
    store.append(`count-${n}`, 0, [{ type: 'Counted', data: { n, text } }], {
      ...{ commandId: `c-${n}`, at: '2024-01-01T00:00:00.000Z', actor: 'test' },
    });
  const room = (pages: number) =>
    connections.forEach((writes) => writes.exec(`PRAGMA max_page_count=${pages}`));
  room(100);

  const acknowledged: number[] = [];
  const refused: number[] = [];
  for (let n = 0; n < 40; n++) {
    await append(n).then(
      ({ outcome }) => (expect(outcome).toBe('appended'), acknowledged.push(n)),
      (error: unknown) => {
        expect((error as Unavailable).code).toBe('STORE_FULL');
        refused.push(n);
      },
    );
  }
  expect([acknowledged.length > 0, refused.length > 0]).toEqual([true, true]);
  const stored = async () => (await store.readPage(0, 0, 100)).map(({ stream }) => stream);
  expect(await stored()).toEqual(acknowledged.map((n) => `count-${n}`));

  room(100_000);
  for (const n of refused) expect((await append(n)).outcome).toBe('appended');
  expect(await stored()).toEqual([...acknowledged, ...refused].map((n) => `count-${n}`));
  await adapters.close();
});

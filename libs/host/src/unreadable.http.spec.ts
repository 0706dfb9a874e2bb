import { Writable } from 'node:stream';
import { adaptersOver, openDriver, type EmbeddedAdapters, type SqlDriver } from '@readership/embedded';
import type { LogRecord, Meta, PersonalEvent, Projection, Publish } from '@readership/kernel';
import { contextModule } from './context.js';
import type { ContextParts } from './context-parts.js';
import { startApp, testKeys, type TestApp } from '../testing/test-app.fixture.js';

type Written = PersonalEvent<'Written', { n: number }, { text: string }>;
type Seen = Written & { key: string };
interface Letters {
  readonly texts: readonly (string | null)[];
}

const publish: Publish<Written> = ({ data }, stream) => ({
  key: stream,
  fact: { type: 'Written', schema: 1, data },
});
const letters = (name: string): Projection<Seen, Letters> => ({
  name,
  version: 1,
  on: ['Written'],
  key: ({ key }) => key,
  apply: (row, { personal }) => ({ texts: [...(row?.texts ?? []), personal?.text ?? null] }),
});
class LettersModule {}
const parts: ContextParts = {
  name: 'feedback',
  module: LettersModule,
  publish,
  checkFact: () => undefined,
  own: { models: [{ projection: letters('own-letters') }] },
  log: {
    models: [{ projection: letters('heard-letters') }],
    decode: ({ type, key, body }: LogRecord): Seen => {
      if (type !== 'Written') throw new Error('unknown fact');
      return { type, key, data: JSON.parse(body) as Written['data'], personal: null };
    },
  },
};

const databases = new Map<string, SqlDriver>();
function database(name: string): SqlDriver {
  let driver = databases.get(name);
  if (!driver) databases.set(name, (driver = openDriver(':memory:')));
  return driver;
}
/** Adapters over the same databases each time. Closing them does not delete the databases. */
function opened(): EmbeddedAdapters {
  const { masterKey } = testKeys;
  return adaptersOver(
    (name) => {
      const driver = database(name);
      return {
        exec: (sql) => driver.exec(sql),
        prepare: (sql) => driver.prepare(sql),
        transaction: (work) => driver.transaction(work),
        close: () => undefined,
      };
    },
    { masterKey, dataKeysMax: 2 },
  );
}

let adapters: EmbeddedAdapters;
let app: TestApp;
const logged: string[] = [];
const start = async () => {
  const logTo = new Writable({
    write: (line: Buffer, _encoding, done) => (logged.push(line.toString()), done()),
  });
  adapters = opened();
  app = await startApp(() => [contextModule(adapters, parts)], adapters, { logTo });
};
const write = async (n: number, stream: string) => {
  const event: Written = { type: 'Written', data: { n }, personal: { text: `text ${n}` } };
  const meta: Meta = { commandId: `c${n}`, at: '2026-01-01T00:00:00.000Z', actor: 'test' };
  const store = adapters.eventStore('feedback', publish);
  const { version } = await store.load(stream);
  expect(await store.append(stream, version, [event], meta)).toMatchObject({ outcome: 'appended' });
};
const rowOf = (model: string, key: string) => adapters.readModels('feedback').get(`${model}.v1`, key);
const rewrite = (stream: string, from: string, to: string) =>
  database('feedback')
    .prepare('UPDATE commits SET body = replace(body, ?, ?) WHERE stream = ?')
    .run([from, to, stream]);

afterEach(async () => {
  await app.close();
  await adapters.close();
  for (const driver of databases.values()) driver.close();
  databases.clear();
  logged.length = 0;
});

it('what cannot be decrypted stops neither boot nor relay nor feeds, and is told once', async () => {
  adapters = opened();
  for (const n of [1, 2, 3, 4]) await write(n, `letter-${n}`);
  await write(5, 'letter-1');
  const keys = database('feedback');
  keys.prepare('DELETE FROM keys WHERE subject = ?').run(['letter-1']);
  keys.prepare('UPDATE keys SET wrapped = ? WHERE subject = ?').run([Buffer.alloc(60, 1), 'letter-2']);
  rewrite('letter-3', '[0,"', '[0,"AAAA');
  await start();
  await app.settled();
  await app.when({ url: '/readyz', key: null }).then(200);
  expect(await rowOf('own-letters', 'letter-1')).toEqual({ texts: [null, null] });
  for (const key of ['letter-2', 'letter-3'])
    expect(await rowOf('own-letters', key)).toEqual({ texts: [null] });
  expect(await rowOf('own-letters', 'letter-4')).toEqual({ texts: ['text 4'] });
  for (const key of ['letter-2', 'letter-3', 'letter-4'])
    expect(await rowOf('heard-letters', key)).toEqual({ texts: [null] });
  await write(6, 'letter-5');
  await app.settled();
  expect(await rowOf('own-letters', 'letter-5')).toEqual({ texts: ['text 6'] });

  const { text } = await app.http({ url: '/metrics', key: null });
  const counted = (cause: string) =>
    Number(
      new RegExp(`readership_unreadable_events_total{context="feedback",cause="${cause}"} (\\d+)`).exec(
        text,
      )![1],
    );
  expect(counted('no-key')).toBeGreaterThanOrEqual(2);
  expect(counted('foreign-key')).toBeGreaterThanOrEqual(1);
  expect(counted('damaged-part')).toBeGreaterThanOrEqual(1);
  expect(counted('damaged-event')).toBe(0);
  const told = logged.filter((line) => line.includes('cannot be read'));
  expect(told).toHaveLength(3);
  expect(told.join()).not.toMatch(/letter-|text \d/);
  // A second start reads the end of the log and of the store again.
  await app.close();
  await start();
  await app.when({ url: '/readyz', key: null }).then(200);
});

it('a damaged event is parked with its key by every reader, and the others go on', async () => {
  adapters = opened();
  for (const n of [1, 2, 3]) await write(n, `letter-${n}`);
  await write(4, 'letter-2');
  const whole = database('feedback').prepare('SELECT id, body FROM commits').all([]);
  rewrite('letter-2', '"n":2', '"n":');
  await start();
  await app.settled();
  const list = { url: '/v1/parked?context=feedback' };
  await app.when(list).then(200, ({ items }: { items: Record<string, unknown>[] }) =>
    expect(items.map(({ model, key, type, reason }) => [model, key, type, reason])).toEqual([
      // Nobody knows what it was, and it may have been an act.
      ['audit-trail.v1', 'letter-2', 'Damaged', 'CANNOT_APPLY'],
      ...['heard-letters.v1', 'own-letters.v1'].flatMap((model) => [
        [model, 'letter-2', 'Damaged', 'CANNOT_APPLY'],
        [model, 'letter-2', 'Written', 'BEHIND_PARKED'],
      ]),
    ]),
  );
  for (const key of ['letter-1', 'letter-3']) {
    expect(await rowOf('own-letters', key)).toEqual({ texts: [`text ${key.at(-1)}`] });
    expect(await rowOf('heard-letters', key)).toEqual({ texts: [null] });
  }
  expect(await rowOf('own-letters', 'letter-2')).toBeNull();
  await app.when({ url: '/v1/audit/log?context=feedback' }).then(200, { holds: true });

  const replay = {
    url: '/v1/parked/replay?context=feedback',
    body: { model: 'own-letters.v1', partition: 0, key: 'letter-2' },
  };
  await app.when(replay).thenRefused(409, 'STILL_CANNOT_APPLY');
  for (const [id, body] of whole)
    database('feedback').prepare('UPDATE commits SET body = ? WHERE id = ?').run([body!, id!]);
  await app.when(replay).then(200);
  expect(await rowOf('own-letters', 'letter-2')).toEqual({ texts: ['text 2', 'text 4'] });
  await app.settled();
  await app.when({ url: '/v1/audit/log?context=feedback' }).then(200, { holds: true });
});

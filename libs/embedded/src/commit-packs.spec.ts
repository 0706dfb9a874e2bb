import type { AnyEvent, Commit, Publish } from '@readership/kernel';
import { CommitRows } from './commit-packs.js';
import { DataKeys } from './data-keys.js';
import { createContextTables } from './schema.js';
import { openDriver, type SqlDriver, type SqlValue } from './sql-driver.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { DirectWriter } from './writer.js';

const publish: Publish<any> = ({ type, data }, stream) => ({ key: stream, fact: { type, schema: 1, data } });
const masterKey = Buffer.alloc(32, 1);

let driver: SqlDriver;
let store: SqliteEventStore;
/** A store that has appended nothing itself, so that it reads what is stored. */
const reader = () =>
  new SqliteEventStore(driver, new DirectWriter(driver), new DataKeys(driver, masterKey), publish, 2);

beforeEach(() => {
  driver = openDriver(':memory:');
  createContextTables(driver, 2);
  store = reader();
});
afterEach(() => driver.close());

const said = (text: string): AnyEvent => ({
  type: 'Said',
  data: { text },
  personal: { name: `Zoë "${text}"\n` },
});
const plain = (text: string): AnyEvent => ({ type: 'Said', data: { text } });
const commit = (stream: string, events: readonly AnyEvent[], expectedVersion = 0): Commit => ({
  ...{ stream, expectedVersion, events },
  meta: { commandId: `${stream} ${expectedVersion}`, at: '2026-01-01T00:00:00.000Z', actor: 'spec' },
});
const many = (count: number, event = said('the same for all of them')): Commit[] =>
  Array.from({ length: count }, (_, n) => commit(`note-${n}`, [event]));

/** How each row's body is stored: as text, as a pack, or how far from its pack. */
const bodies = () =>
  driver
    .prepare('SELECT typeof(body), body FROM commits ORDER BY id')
    .all([])
    .map(([type, body]) =>
      type === 'blob' ? 'pack' : (body as string).startsWith('[') ? 'text' : Number(body),
    );

const texts = async (from: SqliteEventStore) => {
  const pages = await Promise.all([0, 1].map((partition) => from.readPage(partition, 0, 10_000)));
  return pages.flat().map(({ stream, data, personal }) => [stream, data, personal]);
};

it('rows that are appended together are packed by 32, and one that is appended alone is not', async () => {
  await store.appendEach(many(66));
  const pack = ['pack', ...Array.from({ length: 31 }, (_, n) => n + 1)];
  expect(bodies()).toEqual([...pack, ...pack, 'pack', 1]);
  await store.append('alone', 0, [said('alone')], commit('alone', []).meta);
  await store.appendEach(many(33).map(({ stream }) => commit(`${stream} again`, [said('again')])));
  expect(bodies().slice(66)).toEqual(['text', ...pack, 'text']);
});

it('every row is read as it was appended, in order and alone', async () => {
  const commits = [...many(70), commit('note-7', [said('more'), said('and more')], 1)];
  await store.appendEach(commits);
  expect(await texts(reader())).toEqual(await texts(store));
  expect((await texts(reader())).length).toBe(72);
  for (const n of [69, 0, 32, 31, 7]) {
    const { events } = await reader().load(`note-${n}`);
    expect(events.map(({ data }) => (data as { text: string }).text)).toEqual(
      n === 7 ? ['the same for all of them', 'more', 'and more'] : ['the same for all of them'],
    );
  }
  const rows = [...new CommitRows(driver).all()];
  expect(rows.map(([id, , , , , , , body]) => [id, (body as string).startsWith('[')])).toEqual(
    rows.map((_, at) => [at + 1, true]),
  );
});

it('a commit that meets another leaves no hole in its pack', async () => {
  await store.append('note-3', 0, [said('first')], { ...commit('x', []).meta, commandId: 'other' });
  const answers = await store.appendEach(many(8));
  expect(answers.map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 8 }, (_, n) => (n === 3 ? 'conflict' : 'appended')),
  );
  expect(bodies()).toEqual(['text', 'pack', 1, 2, 3, 4, 5, 6]);
  expect((await texts(reader())).map(([stream]) => stream).sort()).toEqual(
    Array.from({ length: 8 }, (_, n) => `note-${n}`),
  );
  expect((await reader().load('note-3')).events.map(({ data }) => data)).toEqual([{ text: 'first' }]);
});

it('large bodies close a pack sooner', async () => {
  await store.appendEach(many(5, plain('x'.repeat(40_000))));
  expect(bodies()).toEqual(['pack', 1, 'pack', 1, 'text']);
  expect(await texts(reader())).toEqual(await texts(store));
});

it('takes a third of the space', async () => {
  const size = () =>
    driver.prepare('SELECT total(length(CAST(body AS BLOB))) FROM commits').get([])![0] as number;
  const commits = many(160, plain('the same for all of them'));
  await store.appendEach(commits);
  const packed = size();
  driver.exec('DELETE FROM commits');
  for (const { stream, events, meta } of commits) await store.append(stream, 0, events, meta);
  expect(packed).toBeLessThan(size() / 3);
});

describe('a pack that cannot be opened', () => {
  let whole: SqlValue;
  beforeEach(async () => {
    await store.appendEach(many(40));
    whole = driver.prepare('SELECT body FROM commits WHERE id = 1').get([])![0]!;
    driver.prepare('UPDATE commits SET body = ? WHERE id = 1').run([Buffer.from('no pack')]);
  });

  it('makes its events damaged and leaves the others', async () => {
    const damaged = reader();
    const events = (await Promise.all([0, 1].map((partition) => damaged.readPage(partition, 0, 100)))).flat();
    expect(events).toHaveLength(40);
    const unread = events.filter(({ type }) => type === 'Damaged');
    expect(unread).toHaveLength(32);
    expect(new Set(unread.map(({ key }) => key)).size).toBe(32);
    await expect(damaged.load('note-0')).rejects.toMatchObject({ code: 'STREAM_DAMAGED' });
    expect((await damaged.load('note-39')).events).toHaveLength(1);
    const accounts = await Promise.all([0, 1].map((partition) => damaged.account(partition)));
    expect(accounts.map(({ recorded }) => recorded).reduce((a, b) => a + b)).toBe(40);
  });

  it('is read again once it is mended', async () => {
    const damaged = reader();
    await expect(damaged.load('note-1')).rejects.toMatchObject({ code: 'STREAM_DAMAGED' });
    driver.prepare('UPDATE commits SET body = ? WHERE id = 1').run([whole]);
    expect((await damaged.load('note-1')).events).toHaveLength(1);
  });
});

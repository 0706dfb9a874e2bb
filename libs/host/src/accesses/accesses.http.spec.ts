import { Controller, Get, Inject, Param } from '@nestjs/common';
import { fileAdapters, memoryAdapters } from '@readership/embedded';
import type { Adapters, EventStore, Stored } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doorsContext } from '../../testing/doors.fixture.js';
import { issuedKey, startApp, testKeys, type TestApp } from '../../testing/test-app.fixture.js';
import { contextModule } from '../context.js';
import { eventually } from '../eventually.js';
import { Needs } from '../routes.js';
import { Accesses } from './accesses.js';
import { Reading, type Reader } from './reading.js';

const person = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const ada = person(1);
const bob = person(2);

/** Shows the files of the patrons that the address names. */
@Controller('v1/files')
class FilesController {
  constructor(@Inject(Accesses) private readonly accesses: Accesses) {}

  @Get(':ids')
  @Needs('patrons.read')
  async files(@Param('ids') ids: string, @Reading('service') reader: Reader): Promise<object> {
    await this.accesses.record(reader, 'id', ids.split('+'));
    return { secret: 'of the patron' };
  }
}
const parts = { ...doorsContext(), controllers: [FilesController] };

let now = new Date('2024-01-31T23:00:00.000Z');
let adapters: Adapters;
let app: TestApp;
const start = (on: Adapters) => startApp((given) => [contextModule(given, parts)], on, { now: () => now });
const see = (ids: string, headers: Record<string, string> = {}) =>
  app.when({ url: `/v1/files/${ids}`, headers });
const accesses = (id: string, more = '') => `/v1/patrons/${id}/accesses?context=feedback${more}`;
const itemsOf = async (id: string) =>
  (await app.when({ url: accesses(id) }).then(200)).body.items as object[];

afterEach(async () => {
  await app.close();
  await adapters.close();
});

async function allEvents(): Promise<Stored[]> {
  const store = adapters.eventStore('feedback', parts.publish);
  const pages = Array.from({ length: store.partitions }, (_, p) => store.readPage(p, 0, 1_000));
  return (await Promise.all(pages)).flat();
}

describe('the records of access', () => {
  beforeEach(async () => {
    now = new Date('2024-01-31T23:00:00.000Z');
    adapters = memoryAdapters({ partitions: 3 });
    app = await start(adapters);
  });

  it('say who, as what, by what and why, newest first, over months and by pages', async () => {
    const desk = await issuedKey(app, adapters, [{ role: 'front-desk', scopes: ['branch:NORTH'] }]);
    await app.when({ url: `/v1/files/${ada}`, key: desk }).then(200);
    for (const at of ['2024-02-10T08:00:00.000Z', '2024-02-10T08:00:01.000Z', '2024-04-01T00:00:00.000Z']) {
      now = new Date(at);
      await see(`${ada}+${bob}+${ada}`, { 'readership-purpose': 'complaint' }).then(200);
    }
    await see(bob).then(200);
    await app.settled();
    const complaint = { role: 'admin', scopes: ['consortium'], how: 'id', purpose: 'complaint', by: 'admin' };
    const expected = [
      { ...complaint, at: '2024-04-01T00:00:00.000Z' },
      { ...complaint, at: '2024-02-10T08:00:01.000Z' },
      { ...complaint, at: '2024-02-10T08:00:00.000Z' },
      {
        ...{
          at: '2024-01-31T23:00:00.000Z',
          by: desk.slice(3, 11),
          role: 'front-desk',
          scopes: ['branch:NORTH'],
        },
        ...{ how: 'id', purpose: 'service' },
      },
    ];
    expect(await itemsOf(ada)).toEqual(expected);
    const paged: object[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const more = cursor === '' ? '&limit=2' : `&limit=2&cursor=${cursor}`;
      await app.settled();
      // The reads of this list, recorded in April as well, come before what is on the next page, or on this one.
      const { body } = await app.when({ url: accesses(ada, more) }).then(200);
      paged.push(...(body.items as { how: string }[]).filter(({ how }) => how === 'id'));
      cursor = body.nextCursor as string | null;
    }
    expect(paged).toEqual(expected);
  });

  it('hold the reads of themselves', async () => {
    expect(await itemsOf(ada)).toEqual([]);
    await app.settled();
    expect(await itemsOf(ada)).toMatchObject([{ by: 'admin', how: 'accesses', purpose: 'privacy-request' }]);
  });

  it('name at most five patrons of a list, and of more say how many', async () => {
    const ids = Array.from({ length: 6 }, (_, i) => person(10 + i));
    await see(ids.slice(1).join('+')).then(200);
    await see(ids.join('+')).then(200);
    await app.settled();
    const seen = (await allEvents()).filter(({ type }) => type === 'PatronAccessed');
    expect(seen.map(({ data, personal }) => [(data as { count: number }).count, personal])).toEqual(
      expect.arrayContaining([
        [5, { personIds: ids.slice(1) }],
        [6, undefined],
      ]),
    );
    expect(await itemsOf(ids[0]!)).toEqual([]);
    expect(await itemsOf(ids[5]!)).toHaveLength(1);
  });

  it('take a purpose from the list only, never a free text', async () => {
    const free = { 'readership-purpose': 'Ada Lovelace rang' };
    await see(ada, free).thenRefused(400, 'UNKNOWN_PURPOSE');
    expect(await allEvents()).toEqual([]);
  });

  it('are not published, and refuse what cannot be a patron, a context or a cursor', async () => {
    await see(ada).then(200);
    for (const { fact, key, stream } of await allEvents()) expect([fact, key]).toEqual([null, stream]);
    await app.when({ url: accesses('ada') }).thenRefused(404, 'PATRON_UNKNOWN');
    await app.when({ url: `/v1/patrons/${ada}/accesses` }).thenRefused(422, 'CONTEXT_REQUIRED');
    await app.when({ url: `/v1/patrons/${ada}/accesses?context=x` }).thenRefused(404, 'UNKNOWN_CONTEXT');
    await see(ada).then(200);
    await app.settled();
    const { body } = await app.when({ url: accesses(ada, '&limit=1') }).then(200);
    expect(body.nextCursor).not.toBeNull();
    await app
      .when({ url: accesses(bob, `&limit=1&cursor=${body.nextCursor}`) })
      .thenRefused(422, 'BAD_CURSOR');
  });

  it('are forgotten with the key of their month, 24 months after its end and not before', async () => {
    await see(ada).then(200);
    now = new Date('2024-02-01T00:00:00.000Z');
    await see(ada).then(200);
    await app.settled();

    now = new Date('2026-01-31T23:59:59.000Z');
    await app.close();
    app = await start(adapters);
    await app.settled();
    expect(await itemsOf(ada)).toMatchObject([
      { at: '2024-02-01T00:00:00.000Z' },
      { at: '2024-01-31T23:00:00.000Z' },
    ]);

    now = new Date('2026-02-01T00:00:00.000Z');
    await app.close();
    app = await start(adapters);
    const personal = async () =>
      (await allEvents())
        .filter(({ type }) => type === 'PatronAccessed')
        .map((event) => [event.recordedAt.slice(0, 7), event.personal]);
    const forgotten = async () => (await personal()).some(([, ids]) => ids === null) || null;
    expect(await eventually(forgotten)).toBe(true);
    expect(await personal()).toEqual(
      expect.arrayContaining([
        ['2024-01', null],
        ['2024-02', { personIds: [ada] }],
      ]),
    );
    await app.settled();
    expect(await itemsOf(ada)).toMatchObject([
      { how: 'accesses' },
      { at: '2024-02-01T00:00:00.000Z', how: 'id' },
    ]);
  });
});

it('without a record of the access there is no answer', async () => {
  adapters = memoryAdapters();
  const failing = (store: EventStore): EventStore =>
    around(store, { append: () => Promise.reject(new Error('the disk is full')) });
  const broken: Adapters = around(adapters, {
    eventStore: (name, publish) => failing(adapters.eventStore(name, publish)),
  });
  app = await start(broken);
  const { text } = await see(ada).then(500);
  expect(text).not.toContain('secret');
});

it('nothing on the disk says whose records of access they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accesses-'));
  const { masterKey, cardKey } = testKeys;
  adapters = await fileAdapters({ folder, masterKey, cardKey, contexts: [{ name: 'feedback' }] });
  try {
    app = await start(adapters);
    await see(ada).then(200);
    await app.settled();
    expect(await itemsOf(ada)).toHaveLength(1);
    await app.settled();
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const bytes = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
    expect(bytes.some((one) => one.includes('PatronAccessed'))).toBe(true);
    expect(bytes.filter((one) => one.includes(ada))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

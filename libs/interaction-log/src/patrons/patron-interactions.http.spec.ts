import { fact } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import { issuedKey, startApp, type TestApp } from '@readership/host/testing';
import { Relay, type Adapters, type AnyEvent, type EventStore, type ReadModels } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { randomUUID } from 'node:crypto';
import { InteractionLogModule } from '../interaction-log.module.js';

const at = '2024-06-01T12:00:00.000Z';
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const bob = '0193a1b2-0000-7000-8000-00000000000b';
const busy = '0193a1b2-0000-7000-8000-00000000000c';

/** Reads of the store since the last look: pages of an index, and streams. */
const reads = { pages: 0, rows: 0, streams: 0 };
function watched(adapters: Adapters): Adapters {
  const models = adapters.readModels('interaction-log');
  return around(adapters, {
    readModels: () =>
      around<ReadModels>(models, {
        find: async (model, index, by, page) => {
          const found = await models.find<any>(model, index, by, page);
          if (index === 'held') {
            reads.pages++;
            reads.rows += found.rows.length;
          }
          return found;
        },
      }),
    eventStore: (context, publish) => {
      const store = adapters.eventStore(context, publish);
      return around<EventStore>(store, {
        load: (...args) => {
          reads.streams++;
          return store.load(...args);
        },
      });
    },
  });
}

let adapters: Adapters;
let app: TestApp;
let desk: string;
beforeAll(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  const now = () => new Date(at);
  app = await startApp((on) => [InteractionLogModule.on(on)], watched(adapters), { now });
  for (const id of ['NORTH', 'SOUTH']) {
    await told(`branch-${id}`, fact('BranchAdded', { id, name: id, library: 'CITY', timeZone: 'UTC' }));
  }
  desk = await issuedKey(app, adapters, [{ role: 'front-desk', scopes: ['branch:NORTH'] }]);
});
afterAll(async () => {
  await app.close();
  await adapters.close();
});

/** Publishes a fact as the patron profile would. */
async function told(key: string, said: object): Promise<void> {
  const store = adapters.eventStore('patron-profile', (event: AnyEvent) => event.data as never);
  const meta = { commandId: randomUUID(), at, actor: 'test' };
  await store.append(`told-${randomUUID()}`, 0, [{ type: 'Told', data: { key, fact: said } }], meta);
  for (let partition = 0; partition < store.partitions; partition++) {
    const relay = new Relay('patron-profile', partition, store, adapters.eventLog);
    while ((await relay.step()) > 0);
  }
}

let count = 0;
const event = (time: string, data: object) => ({
  ...{ specversion: '1.0', source: 'ils', id: `e${++count}`, type: 'org.readership.interaction.v1', time },
  data: { kind: 'loan', branch: 'NORTH', ...data },
});
const recorded = async (time: string, data: object): Promise<string> =>
  (await app.when({ url: '/v1/interactions', body: event(time, data) }).then(201)).body.id as string;
async function recordedMany(events: readonly object[]): Promise<void> {
  const body = events.map((one) => JSON.stringify(one)).join('\n');
  const headers = { 'content-type': 'application/x-ndjson' };
  const { text } = await app.when({ url: '/v1/interactions/batch', body, headers }).then(200);
  expect(text).not.toContain('refused');
}

interface Item {
  readonly id: string;
  readonly time: string;
  readonly kind: string;
  readonly branch: string;
  readonly status: string;
}
interface Page {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
const ask = (patron: string, query = '', key = app.key) =>
  app.when({ url: `/v1/patrons/${patron}/interactions${query}`, key });
async function pageOf(patron: string, query = '', key = app.key): Promise<Page> {
  return (await ask(patron, query, key).then(200)).body as Page;
}
async function allOf(patron: string, query: string, key = app.key): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor = ''; ;) {
    const page = await pageOf(patron, `?${query}${cursor}`, key);
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

describe('the interactions of a patron', () => {
  let byId: string, byCard: string, late: string, gone: string;
  beforeAll(async () => {
    byCard = await recorded('2024-03-05T10:00:00+02:00', { card: '1001', kind: 'visit' });
    byId = await recorded('2024-03-01T10:00:00Z', { patronId: ada, details: 'A novel.' });
    late = await recorded('2024-01-01T10:00:00Z', { patronId: ada, branch: 'SOUTH' });
    gone = await recorded('2024-04-01T10:00:00Z', { patronId: ada });
    await recorded('2024-03-03T10:00:00Z', { patronId: bob });
    await recorded('2024-03-03T10:00:00Z', {});
    await app.when({ url: `/v1/interactions/${gone}/withdraw`, body: { reason: 'test' } }).then(200);
    await app.settled();
  });

  it('come newest first, and those that were withdrawn as such', async () => {
    const { items, nextCursor } = await pageOf(ada);
    expect(items.map(({ id, status }) => [id, status])).toEqual([
      [gone, 'withdrawn'],
      [byId, 'recorded'],
      [late, 'recorded'],
    ]);
    expect(items[1]).toEqual((await app.when({ url: `/v1/interactions/${byId}` }).then(200)).body);
    expect(nextCursor).toBeNull();
  });

  it('contain what came by a card from when it belongs to the patron, and follow a corrected time', async () => {
    const { referenceOf } = await referenceKnown(byCard);
    await told(referenceOf, fact('CardLinked', { token: referenceOf, personId: ada }));
    await app.settled();
    expect((await pageOf(ada)).items.map(({ id }) => id)).toEqual([gone, byCard, byId, late]);
    const body = { time: '2024-03-02T00:00:00Z', reason: 'a slip' };
    await app.when({ url: `/v1/interactions/${late}/correct`, body }).then(200);
    await app.settled();
    expect((await pageOf(ada)).items.map(({ id }) => id)).toEqual([gone, byCard, late, byId]);
  });

  it('can be those of a kind, a branch and a period, whose end is not included', async () => {
    const ids = async (query: string) => (await pageOf(ada, query)).items.map(({ id }) => id);
    expect(await ids('?kind=visit')).toEqual([byCard]);
    expect(await ids('?branch=SOUTH')).toEqual([late]);
    expect(await ids('?branch=SOUTH&kind=visit')).toEqual([]);
    expect(await ids('?from=2024-03-02T00:00:00Z&to=2024-03-05T08:00:00Z')).toEqual([late]);
    expect(await ids('?from=2024-03-05T10:00:00%2B02:00')).toEqual([gone, byCard]);
    expect(await ids('?to=2024-03-02T00:00:00.001Z')).toEqual([late, byId]);
    expect(await ids('?to=2999-01-01T00:00:00Z&limit=1')).toEqual([gone]);
  });

  it('are those that happened where the request may read them', async () => {
    expect((await pageOf(ada, '', desk)).items.map(({ id }) => id)).toEqual([gone, byCard, byId]);
    expect((await pageOf(ada, '?branch=NORTH', desk)).items).toHaveLength(3);
    await ask(ada, '?branch=SOUTH', desk).thenRefused(403, 'OUT_OF_SCOPE');
  });

  it('are none of a patron of whom nothing was recorded', async () => {
    expect(await pageOf('0193a1b2-0000-7000-8000-0000000000ff')).toEqual({ items: [], nextCursor: null });
    await ask('ada').thenRefused(404, 'PATRON_UNKNOWN');
  });

  it('are refused with a filter that says nothing, or a cursor of another list', async () => {
    await ask(ada, '?kind=theft').thenRefused(422, 'UNKNOWN_KIND');
    await ask(ada, '?from=2024-03-01').thenRefused(422, 'BAD_TIME');
    await ask(ada, '?to=1820-01-01T00:00:00Z').thenRefused(422, 'BAD_TIME');
    await ask(ada, '?from=2024-03-02T00:00:00Z&to=2024-03-01T00:00:00Z').thenRefused(422, 'FROM_AFTER_TO');
    const { nextCursor } = await pageOf(ada, '?limit=1');
    expect(nextCursor).not.toBeNull();
    await ask(bob, `?limit=1&cursor=${nextCursor!}`).thenRefused(422, 'BAD_CURSOR');
    await ask(ada, `?limit=1&kind=loan&cursor=${nextCursor!}`).thenRefused(422, 'BAD_CURSOR');
  });
});

describe('a patron with thousands of interactions', () => {
  const minute = (n: number) => new Date(Date.UTC(2024, 0, 1) + n * 60_000).toISOString();
  const total = 2_400;
  beforeAll(async () => {
    // Two of each minute, in no order; one in a hundred is a visit, and only the oldest is in the south.
    const shuffled = Array.from({ length: total }, (_, n) => (n * 7919) % total);
    const events = shuffled.map((n) =>
      event(minute(Math.floor(n / 2)), {
        ...{ patronId: busy, kind: n % 100 === 0 ? 'visit' : 'loan' },
        branch: n === 0 ? 'SOUTH' : 'NORTH',
      }),
    );
    for (let from = 0; from < total; from += 800) await recordedMany(events.slice(from, from + 800));
    await app.settled(60_000);
  }, 120_000);
  beforeEach(() => void Object.assign(reads, { pages: 0, rows: 0, streams: 0 }));

  it('has a page that costs what it costs for one with few, first and later', async () => {
    // One more is read than shown, and then where the page ends.
    await pageOf(ada, '?limit=3');
    expect(reads).toEqual({ pages: 2, rows: 7, streams: 4 });
    const first = await pageOf(busy, '?limit=3');
    expect(reads).toEqual({ pages: 4, rows: 14, streams: 8 });
    await pageOf(busy, `?limit=3&cursor=${first.nextCursor!}`);
    await pageOf(busy, `?limit=3&to=${minute(600)}`);
    expect(reads).toEqual({ pages: 8, rows: 28, streams: 16 });
  });

  it('has each of them once over all pages, newest first', async () => {
    const items = await allOf(busy, 'limit=170');
    expect(new Set(items.map(({ id }) => id)).size).toBe(total);
    const times = items.map(({ time }) => time);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(times.length).toBe(total);
  });

  it('has a page that is chosen from at most 2,000, also when few of them pass the filter', async () => {
    const page = await pageOf(busy, '?branch=SOUTH&limit=50');
    expect(page.items).toEqual([]);
    expect(page.nextCursor).not.toBeNull();
    expect([reads.rows, reads.streams]).toEqual([2_000, 2_000]);
    expect(await allOf(busy, 'branch=SOUTH')).toHaveLength(1);
  });

  it('has full pages also when few pass the filter, and each once over all of them', async () => {
    const first = await pageOf(busy, '?kind=visit&limit=5');
    expect(first.items).toHaveLength(5);
    const items = await allOf(busy, 'kind=visit&limit=5');
    expect(items).toHaveLength(total / 100);
    expect(new Set(items.map(({ id }) => id)).size).toBe(total / 100);
  });

  it('does not tell whoever may not read where they happened that there are any in a period', async () => {
    const south = await issuedKey(app, adapters, [{ role: 'front-desk', scopes: ['branch:SOUTH'] }]);
    for (const limit of [1, 50, 200]) {
      const page = await pageOf(busy, `?limit=${limit}&from=${minute(1)}&to=${minute(900)}`, south);
      expect(page).toEqual({ items: [], nextCursor: null });
    }
    // Its only one is followed by none, whatever happened elsewhere before and after it.
    const page = await pageOf(busy, `?limit=1&to=${minute(900)}`, south);
    expect([page.items.length, page.nextCursor]).toEqual([1, null]);
  });
});

/** The reference that an interaction came with, which nobody is told over HTTP. */
async function referenceKnown(id: string): Promise<{ referenceOf: string }> {
  const store = adapters.eventStore('interaction-log', (() => ({ key: '', fact: null })) as never);
  const { events } = await store.load(`interaction-${id}`);
  return { referenceOf: (events[0]!.data as { reference: string }).reference };
}

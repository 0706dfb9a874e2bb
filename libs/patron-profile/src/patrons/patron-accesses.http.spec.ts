import { memoryAdapters } from '@readership/embedded';
import { startApp, type TestApp } from '@readership/host/testing';
import type { Adapters, Stored } from '@readership/kernel';
import { PatronProfileModule } from '../patron-profile.module.js';
import { publish } from '../publish.js';

let adapters: Adapters;
let app: TestApp;
beforeEach(async () => {
  adapters = memoryAdapters({ partitions: 3 });
  const now = () => new Date('2024-06-15T20:00:00.000Z');
  app = await startApp((on) => [PatronProfileModule.on(on)], adapters, { now });
  const north = { id: 'NORTH', name: 'North', library: 'CITY', timeZone: 'UTC' };
  await app
    .given({ url: '/v1/libraries', body: { id: 'CITY', name: 'City' } })
    .when({ url: '/v1/branches', body: north })
    .then(201);
});
afterEach(async () => {
  await app.close();
  await adapters.close();
});

async function registered(card: string, familyName: string): Promise<string> {
  const body = { cards: [card], givenName: 'Bob', familyName, homeBranch: 'NORTH' };
  return (await app.when({ url: '/v1/patrons', body }).then(201)).body.id as string;
}

describe('a read of patrons', () => {
  it('is recorded, with whom was seen and why, before it is answered', async () => {
    const id = await registered('001234', 'Lee');
    await app.when({ url: `/v1/patrons/${id}`, headers: { 'readership-purpose': 'complaint' } }).then(200);
    await app.when({ url: '/v1/patrons?card=001234' }).then(200);
    await app.when({ url: '/v1/patrons?card=unheard-of' }).then(200);
    const access = { month: '2024-06', role: 'admin', scopes: ['consortium'], count: 1 };
    const tags = [expect.any(String)];
    expect(await accessesIn(adapters)).toEqual([
      [{ ...access, how: 'id', purpose: 'complaint', tags }, [id]],
      [{ ...access, how: 'card', purpose: 'service', tags }, [id]],
    ]);
  });

  it('shows more than five only as their number in the records of access', async () => {
    for (let n = 1; n <= 6; n++) await registered(`L${n}`, `Lee ${n}`);
    await app.settled();
    await app.when({ url: '/v1/patrons?name=lee' }).then(200, ({ items }) => expect(items).toHaveLength(6));
    await app.when({ url: '/v1/patrons?name=lee&limit=5' }).then(200);
    expect(await accessesIn(adapters)).toMatchObject([
      [{ how: 'name', count: 6 }, undefined],
      [{ how: 'name', count: 5 }, { length: 5 }],
    ]);
  });

  it('that was recorded by an earlier release can still be read', async () => {
    const store = adapters.eventStore('patron-profile', publish);
    const data = { personIds: ['p'], by: 'desk', how: 'id' };
    const meta = { commandId: 'c', at: '2024-01-01T00:00:00.000Z', actor: 'desk' };
    await store.append('access-1', 0, [{ type: 'PatronRecordRead', data }], meta);
    await app.settled();
    expect((await store.load('access-1')).events).toMatchObject([{ type: 'PatronRecordRead', data }]);
  });
});

/** Data and persons of the records of access, in their order. */
async function accessesIn(of: Adapters): Promise<unknown[]> {
  const store = of.eventStore('patron-profile', publish);
  const found: Stored[] = [];
  for (let partition = 0; partition < store.partitions; partition++) {
    const page = await store.readPage(partition, 0, 1_000);
    found.push(...page.filter(({ type }) => type === 'PatronAccessed'));
  }
  found.sort((a, b) => (a.id < b.id ? -1 : 1));
  return found.map(({ data, personal }) => [
    data,
    (personal as { personIds: string[] } | undefined)?.personIds,
  ]);
}

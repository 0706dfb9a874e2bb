import { memoryAdapters } from '@readership/embedded';
import { testKeys } from '@readership/host/testing';
import type { AccessRecord, AccessStore, Adapters } from '@readership/kernel';
import { IdempotencyKeys, type KeyedRequest } from './idempotency-keys.js';

const start = new Date('2024-03-31T10:00:00.000Z');
const hoursLater = (hours: number): Date => new Date(start.getTime() + hours * 3_600_000);
const dayLater = hoursLater(24);
const justBefore = new Date(dayLater.getTime() - 1);

let adapters: Adapters;
let store: AccessStore;
let keys: IdempotencyKeys;

beforeEach(() => {
  adapters = memoryAdapters();
  store = adapters.access;
  keys = new IdempotencyKeys(store, testKeys);
});
afterEach(() => adapters.close());

const asked: KeyedRequest = {
  sender: 'admin',
  address: 'POST /v1/surveys/S/invitations',
  key: 'ana@example.org',
  content: ['{"expiresOn":"2024-05-01"}'],
};
const commandOf = (other: Partial<KeyedRequest> = {}, at = start): Promise<string> =>
  keys.commandOf({ ...asked, ...other }, at);
const reused = { code: 'IDEMPOTENCY_KEY_REUSED', kind: 'invalid' };

async function records(): Promise<readonly AccessRecord[]> {
  return (await store.list({ limit: 1000 })).filter(({ id }) => id.startsWith('once.'));
}

describe('the command of a request with an idempotency key', () => {
  it('is the same for the same request within 24 hours', async () => {
    const first = await commandOf();
    expect(await commandOf({}, justBefore)).toBe(first);
    // Another process of the deployment.
    expect(await new IdempotencyKeys(store, testKeys).commandOf(asked, start)).toBe(first);
    expect(await records()).toHaveLength(1);
  });

  it('is refused for another request within 24 hours', async () => {
    const first = await commandOf();
    await expect(commandOf({ content: ['{}'] })).rejects.toMatchObject(reused);
    await expect(commandOf({ content: [...asked.content, ''] }, justBefore)).rejects.toMatchObject(reused);
    await expect(commandOf({ content: [Buffer.from('{}')] })).rejects.toMatchObject(reused);
    expect(await commandOf()).toBe(first);
  });

  it('is another one for another key, sender or address', async () => {
    const others = [{}, { key: 'x' }, { sender: 'key1' }, { address: 'POST /v1/surveys/T/invitations' }];
    const commands = await Promise.all(others.map((other) => commandOf(other)));
    expect(new Set(commands).size).toBe(4);
  });

  it('is another one after 24 hours, also for the same request', async () => {
    const first = await commandOf();
    const second = await commandOf({ content: ['{}'] }, dayLater);
    expect(second).not.toBe(first);
    await expect(commandOf({}, dayLater)).rejects.toMatchObject(reused);
    expect(await commandOf({}, hoursLater(48))).not.toBe(first);
    expect(await records()).toHaveLength(1);
  });

  it.each([
    ['at first', false],
    ['when the key has become free', true],
  ])('is one for all that ask at the same time, %s', async (_, before) => {
    if (before) await commandOf();
    const at = before ? dayLater : start;
    const asking = Array.from({ length: 8 }, () => new IdempotencyKeys(store, testKeys).commandOf(asked, at));
    expect(new Set(await Promise.all(asking)).size).toBe(1);
  });

  it('is one for the twins of whom one is late to find the key free', async () => {
    await commandOf();
    // It reads the record that is over, and is overtaken before it can remove it.
    const { remove } = store;
    let other = '';
    store.remove = async (record) => {
      store.remove = remove;
      other = await new IdempotencyKeys(store, testKeys).commandOf(asked, dayLater);
      return store.remove(record);
    };
    expect(await commandOf({}, dayLater)).toBe(other);
  });

  it('needs the access database', async () => {
    store.put = async () => false;
    store.get = async () => null;
    await expect(commandOf()).rejects.toMatchObject({ code: 'BUSY' });
  });
});

describe('the record of an idempotency key', () => {
  it('holds nothing of the request but keyed digests', async () => {
    const command = await commandOf();
    const [{ id, body }] = (await records()) as [AccessRecord];
    expect(id).toMatch(/^once\.[A-Za-z0-9_-]{43}$/);
    const digest = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string;
    expect(JSON.parse(body)).toEqual({ digest, command, at: start.toISOString() });
    const elsewhere = memoryAdapters();
    await new IdempotencyKeys(elsewhere.access, { masterKey: Buffer.alloc(32, 9) }).commandOf(asked, start);
    const [other] = (await elsewhere.access.list({ limit: 1 })) as [AccessRecord];
    expect(other.id).not.toBe(id);
    expect(other.body).not.toContain((JSON.parse(body) as { digest: string }).digest);
    await elsewhere.close();
  });

  it('is removed by the records that are made after it is over, which each look at four others', async () => {
    await store.put('key.other', 0, '{}');
    await store.put('zone.other', 0, '{}');
    for (let n = 0; n < 40; n++) await commandOf({ key: `old ${n}` });
    let listed = 0;
    const { list } = store;
    store.list = async (page) => {
      const found = await list.call(store, page);
      listed += found.filter(({ id }) => id.startsWith('once.')).length;
      return found;
    };
    const isOld = ({ body }: AccessRecord): boolean => body.includes(start.toISOString());
    const made = 60;
    for (let n = 0; n < made; n++) {
      await commandOf({ key: `new ${n}` }, dayLater);
      // What is removed is not waited for.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    store.list = list;
    expect(listed).toBeLessThanOrEqual(4 * made);
    const left = await records();
    expect(left.filter((record) => !isOld(record))).toHaveLength(made);
    expect(left.filter(isOld).length).toBeLessThanOrEqual(made / 3);
    expect(await store.get('key.other')).not.toBeNull();
    expect(await store.get('zone.other')).not.toBeNull();
  });

  it('is made although others cannot be removed', async () => {
    await commandOf({ key: 'old' });
    store.list = () => Promise.reject(new Error('away'));
    expect(await commandOf({}, dayLater)).toBe(await commandOf({}, dayLater));
  });
});

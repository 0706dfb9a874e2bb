import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { memoryAdapters } from '@readership/embedded';
import { Unavailable, type AccessRecord, type AccessStore, type Adapters } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { Clock } from '../clock.js';
import { digestOf, newKeyText, type ApiKey } from './api-key.js';
import { ApiKeys } from './api-keys.js';
import { Credentials } from './credentials.js';

const adminKey = 'the-admin-key-0123456789';
const here = '192.0.2.1';
const elsewhere = '192.0.2.2';
const masterKey = Buffer.alloc(32, 1);
const grants = [{ role: 'front-desk', scopes: ['branch:NORTH'] }] as const;

let adapters: Adapters;
let keys: ApiKeys;
let credentials: Credentials;
/** The time since the start. The day is the same unless a test changes it. */
let ms: number;
let today: string;
/** How often the store was read and written for the credentials, and what it does then. */
let reads: string[];
let writes: number;
const underWay = new Set<Promise<boolean>>();
let store: 'answers' | 'is away' | 'is silent';
let reading: () => Promise<void>;

class TestClock extends Clock {
  now(): Date {
    return new Date(Date.parse(today) + ms);
  }
}
const clock = new TestClock();
const at = () => clock.now().toISOString();

beforeEach(() => {
  ms = 0;
  today = '2024-03-31T10:00:00.000Z';
  reads = [];
  writes = 0;
  underWay.clear();
  store = 'answers';
  reading = () => Promise.resolve();
  adapters = memoryAdapters();
  keys = new ApiKeys(adapters.access, { masterKey });
  credentials = process();
});
afterEach(() => adapters.close());

/** The credentials of another process on the same store. */
function process(): Credentials {
  const noted = <T>(answer: Promise<T>): Promise<T> => {
    const ended: Promise<boolean> = answer.then(
      () => underWay.delete(ended),
      () => underWay.delete(ended),
    );
    underWay.add(ended);
    return answer;
  };
  const get = async (id: string): Promise<AccessRecord | null> => {
    reads.push(id);
    await mustAnswer();
    const record = await adapters.access.get(id);
    await reading();
    return record;
  };
  const put = async (...record: Parameters<AccessStore['put']>): Promise<boolean> => {
    writes++;
    await mustAnswer();
    return adapters.access.put(...record);
  };
  const counted = around<AccessStore>(adapters.access, {
    get: (id) => noted(get(id)),
    put: (...record) => noted(put(...record)),
  });
  return new Credentials(new ApiKeys(counted, { masterKey }), adminKey, clock, undefined, () => ms);
}

/** Resolves when the store has nothing to do any more. */
async function settled(): Promise<void> {
  do {
    await Promise.all(underWay);
    await setImmediate();
  } while (underWay.size > 0);
}

async function mustAnswer(): Promise<void> {
  if (store === 'is silent') await new Promise(() => undefined);
  if (store === 'is away') throw new Unavailable('STORE_UNAVAILABLE', 'test');
}

/** Issues a key that was used today, so that its use is not stored. */
async function issued(expiresAt: string | null = null): Promise<{ id: string; text: string }> {
  const command = { commandId: randomUUID(), at: at() };
  const { key, text } = await keys.issue({ name: 'Desk', grants, expiresOn: null, expiresAt }, command);
  await keys.change(key.id, (before) => ({ ...before, lastUsedOn: today.slice(0, 10) }));
  return { id: key.id, text: text! };
}

async function rotated(id: string, overlapHours = 0): Promise<string> {
  const text = newKeyText(id);
  const until = new Date(Date.parse(at()) + overlapHours * 3_600_000).toISOString();
  const secrets = ({ secrets: [old] }: ApiKey) => [
    { digest: digestOf(text), until: null },
    { digest: old!.digest, until },
  ];
  await keys.change(id, (key) => ({ ...key, secrets: secrets(key) }));
  return text;
}

const revoke = (id: string) => keys.change(id, (key) => ({ ...key, revokedAt: at() }));
const unknownKey = () => newKeyText(randomBytes(4).toString('hex'));
const isAccepted = async (text: string, address = here, by = credentials) =>
  (await by.principalOf(text, address)) !== null;
async function fail(times: number, credential: () => string = unknownKey): Promise<void> {
  for (let n = 0; n < times; n++) expect(await isAccepted(credential())).toBe(false);
}
const tooMany = { status: 429, code: 'TOO_MANY_FAILURES' };

describe('a credential', () => {
  it('is the principal of its key', async () => {
    const { id, text } = await issued();
    expect(await credentials.principalOf(text, here)).toEqual({ id, kind: 'key', grants });
  });

  it('is the administrator with the admin key, which is not looked up', async () => {
    const grants = [{ role: 'admin', scopes: ['consortium'] }];
    expect(await credentials.principalOf(adminKey, here)).toEqual({ id: 'admin', kind: 'key', grants });
    store = 'is away';
    await fail(60, () => 'garbage');
    expect(await isAccepted(adminKey)).toBe(true);
    expect(reads).toEqual([]);
  });

  it('that is no key at all is refused and never looked up', async () => {
    const { text } = await issued();
    const mistyped = `${text.slice(0, 20)}${text[20] === 'a' ? 'b' : 'a'}${text.slice(21)}`;
    for (const one of ['', 'x', adminKey.slice(1), `${adminKey} `, mistyped, `${text}0`, 'é'.repeat(50_000)])
      expect(await isAccepted(one)).toBe(false);
    expect(reads).toEqual([]);
  });

  it('that has expired is refused from that instant on, without a look-up', async () => {
    const { text } = await issued('2024-03-31T10:00:01.000Z');
    ms = 999;
    expect(await isAccepted(text)).toBe(true);
    ms = 1000;
    expect(await isAccepted(text)).toBe(false);
    expect(reads).toHaveLength(1);
  });
});

describe('a key is read', () => {
  it('once in three seconds', async () => {
    const { id, text } = await issued();
    for (ms of [0, 1, 2999]) expect(await isAccepted(text)).toBe(true);
    expect(reads).toEqual([`key.${id}`]);
    for (ms of [3000, 3001, 5999]) expect(await isAccepted(text)).toBe(true);
    expect(reads).toHaveLength(2);
  });

  it('once for all requests of the same moment', async () => {
    const { text } = await issued();
    for (ms of [0, 3000]) {
      const all = await Promise.all(Array.from({ length: 50 }, () => isAccepted(text)));
      expect(all).toEqual(all.map(() => true));
    }
    expect(reads).toHaveLength(2);
  });

  it('again after its time, counted from when the read began', async () => {
    const { id, text } = await issued();
    reading = () => {
      ms += 2000;
      return Promise.resolve();
    };
    expect(await isAccepted(text)).toBe(true);
    await revoke(id);
    ms = 3000;
    expect(await isAccepted(text)).toBe(false);
  });
});

describe('a revoked key', () => {
  it('is refused when it is read again, three seconds later', async () => {
    const { id, text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    await revoke(id);
    ms = 2999;
    expect(await isAccepted(text)).toBe(true);
    ms = 3000;
    expect(await isAccepted(text)).toBe(false);
    store = 'is away';
    for (ms of [3001, 6001, 60_000]) expect(await isAccepted(text)).toBe(false);
  });

  it('is refused once it is gone from the store', async () => {
    const { text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    const empty = memoryAdapters();
    const lost = around(adapters.access, { get: (id) => empty.access.get(id) });
    const kept = adapters;
    adapters = around(adapters, { access: lost });
    ms = 3000;
    expect(await isAccepted(text)).toBe(false);
    adapters = kept;
    store = 'is away';
    await expect(isAccepted(text)).rejects.toThrow(Unavailable);
    await empty.close();
  });
});

describe('a rotated key', () => {
  it('is accepted with its new secret at once, although it was read just now', async () => {
    const { id, text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    const second = await rotated(id, 1);
    expect([await isAccepted(second), await isAccepted(text)]).toEqual([true, true]);
    expect(reads).toHaveLength(2);
    ms = 3_600_000;
    expect([await isAccepted(second), await isAccepted(text)]).toEqual([true, false]);
  });

  it('is accepted with its new secret while it is being read as it was before', async () => {
    const { id, text } = await issued();
    let second: Promise<boolean> | undefined;
    reading = async () => {
      if (second !== undefined) return;
      const shown = await rotated(id, 1);
      second = isAccepted(shown);
    };
    expect(await isAccepted(text)).toBe(true);
    expect(await second).toBe(true);
    expect(reads).toHaveLength(2);
  });

  it('without an overlap is refused with the secret before as soon as it is read again', async () => {
    const { id, text } = await issued();
    const second = await rotated(id);
    expect([await isAccepted(text), await isAccepted(second)]).toEqual([false, true]);
  });
});

describe('while the access database is away', () => {
  it('a key is accepted that was read within a minute; then it is not known any more', async () => {
    const { text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    store = 'is away';
    for (ms of [3000, 30_000, 59_999]) expect(await isAccepted(text)).toBe(true);
    ms = 60_000;
    await expect(isAccepted(text)).rejects.toThrow(Unavailable);
    store = 'answers';
    expect(await isAccepted(text)).toBe(true);
  });

  it('a key that expires is refused all the same', async () => {
    const { text } = await issued('2024-03-31T10:00:10.000Z');
    expect(await isAccepted(text)).toBe(true);
    store = 'is away';
    ms = 10_000;
    expect(await isAccepted(text)).toBe(false);
  });

  it('nobody waits long for a database that does not answer', async () => {
    const { text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    store = 'is silent';
    ms = 3000;
    expect(await isAccepted(text)).toBe(true);
  });

  it('nothing can be said of a key that was not read yet, nor of a secret that may be new', async () => {
    const { id, text } = await issued();
    const other = await issued();
    expect(await isAccepted(text)).toBe(true);
    const second = await rotated(id, 1);
    store = 'is away';
    for (const one of [other.text, unknownKey(), second]) {
      await expect(isAccepted(one)).rejects.toThrow(Unavailable);
    }
    expect(await isAccepted('garbage')).toBe(false);
  });

  it('a key that cannot be looked up is not a wrong one', async () => {
    const { text } = await issued();
    store = 'is away';
    for (let n = 0; n < 70; n++) await expect(isAccepted(text)).rejects.toThrow(Unavailable);
    await expect(Promise.all(Array.from({ length: 70 }, () => isAccepted(unknownKey())))).rejects.toThrow(
      Unavailable,
    );
    store = 'answers';
    expect(await isAccepted(text)).toBe(true);
  });
});

describe('after 60 wrong credentials of an address in a minute', () => {
  it('its unknown keys are refused with 429 and not looked up', async () => {
    const { text } = await issued();
    await fail(60);
    const before = reads.length;
    ms = 20_000;
    for (const one of [text, unknownKey()]) {
      await expect(isAccepted(one)).rejects.toMatchObject({ ...tooMany, more: { retryAfterS: 40 } });
    }
    expect(await isAccepted('garbage')).toBe(false);
    expect(reads).toHaveLength(before);
    ms = 60_000;
    expect(await isAccepted(text)).toBe(true);
  });

  it('wrong secrets of a known key are not looked up either', async () => {
    const { id, text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    await fail(60, () => newKeyText(id));
    const before = reads.length;
    await expect(isAccepted(newKeyText(id))).rejects.toMatchObject(tooMany);
    expect(reads).toHaveLength(before);
  });

  it('a known key of this address and all of others go on', async () => {
    const { text } = await issued();
    const other = await issued();
    expect(await isAccepted(text)).toBe(true);
    await fail(60);
    for (ms of [1, 3001, 59_999]) expect(await isAccepted(text)).toBe(true);
    expect(await isAccepted(other.text, elsewhere)).toBe(true);
    expect(await isAccepted(unknownKey(), elsewhere)).toBe(false);
  });

  it('a revoked key counts, and is refused at once by a process that did not read it before', async () => {
    const { id, text } = await issued();
    await revoke(id);
    await fail(60, () => text);
    expect(reads).toHaveLength(1);
    await expect(isAccepted(unknownKey())).rejects.toMatchObject(tooMany);
  });
});

describe('the last day of use', () => {
  beforeEach(() => {
    today = '2024-04-01T10:00:00.000Z';
  });
  const used = async (id: string) => (await keys.get(id))!.lastUsedOn;

  it('is stored once a day by each process', async () => {
    const { id, text } = await issued();
    await keys.change(id, (key) => ({ ...key, lastUsedOn: null }));
    for (const by of [credentials, process()]) {
      for (ms of [0, 1, 3000, 3_600_000]) {
        expect(await isAccepted(text, here, by)).toBe(true);
        await settled();
      }
    }
    expect([await used(id), writes]).toEqual(['2024-04-01', 1]);
    today = '2024-04-02T10:00:00.000Z';
    expect(await isAccepted(text)).toBe(true);
    await settled();
    expect([await used(id), writes]).toEqual(['2024-04-02', 2]);
  });

  it('does not go back', async () => {
    const { id, text } = await issued();
    today = '2024-03-31T10:00:00.000Z';
    expect(await isAccepted(text)).toBe(true);
    await settled();
    expect([await used(id), writes]).toEqual(['2024-04-01', 0]);
  });

  it('refuses nothing when it cannot be stored, and is tried again', async () => {
    const { id, text } = await issued();
    expect(await isAccepted(text)).toBe(true);
    today = '2024-04-02T10:00:00.000Z';
    store = 'is away';
    expect(await isAccepted(text)).toBe(true);
    await settled();
    expect(await used(id)).toBe('2024-04-01');
    store = 'answers';
    expect(await isAccepted(text)).toBe(true);
    await settled();
    expect(await used(id)).toBe('2024-04-02');
  });

  it('does not undo a revocation', async () => {
    const { id, text } = await issued();
    await keys.change(id, (key) => ({ ...key, lastUsedOn: null }));
    let times = 0;
    reading = async () => {
      // Between the read and the write of the day.
      if (++times === 2) await revoke(id);
    };
    expect(await isAccepted(text)).toBe(true);
    await settled();
    expect(await keys.get(id)).toMatchObject({ revokedAt: at(), lastUsedOn: '2024-04-01' });
  });
});

import { randomUUID } from 'node:crypto';
import { memoryAdapters } from '@readership/embedded';
import type { Adapters } from '@readership/kernel';
import { Clock } from '../clock.js';
import { ApiKeys } from './api-keys.js';
import { Credentials } from './credentials.js';

const masterKey = Buffer.alloc(32, 1);
const at = '2024-03-31T10:00:00.000Z';
const here = '192.0.2.1';
let adapters: Adapters;
/** The keys as the process that changes them sees them, with its credentials. */
let keys: ApiKeys;
let credentials: Credentials;
let ms: number;

class TestClock extends Clock {
  now(): Date {
    return new Date(at);
  }
}

const credentialsOf = (of: ApiKeys): Credentials =>
  new Credentials(of, 'the-admin-key-0123456789', new TestClock(), undefined, () => ms);
const revoke = (id: string) => keys.change(id, (key) => ({ ...key, revokedAt: at }));

beforeEach(() => {
  ms = 0;
  adapters = memoryAdapters();
  keys = new ApiKeys(adapters.access, { masterKey });
  credentials = credentialsOf(keys);
});
afterEach(() => adapters.close());

async function issued(): Promise<{ readonly id: string; readonly text: string }> {
  const asked = { name: 'Desk', grants: [], expiresOn: null, expiresAt: null };
  const { key, text } = await keys.issue(asked, { commandId: randomUUID(), at });
  return { id: key.id, text: text! };
}

const isAccepted = async (text: string, by = credentials) => (await by.principalOf(text, here)) !== null;

describe('a key that ends', () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    ['is revoked', revoke],
    ['loses its secret', (id) => keys.rotate(id, at, randomUUID(), () => undefined)],
  ])(
    'is refused at once by the process in which it %s, also after a read that began before',
    async (_, end) => {
      const { id, text } = await issued();
      expect(await isAccepted(text)).toBe(true);
      ms = 3001;
      const slow = isAccepted(text);
      await end(id);
      await slow;
      expect(await isAccepted(text)).toBe(false);
    },
  );

  it('is read anew by another process for whoever asks so', async () => {
    const { id, text } = await issued();
    const other = credentialsOf(new ApiKeys(adapters.access, { masterKey }));
    expect(await isAccepted(text, other)).toBe(true);
    await revoke(id);
    expect(await isAccepted(text, other)).toBe(true);
    expect(await other.principalOf(text, here, { fresh: true })).toBeNull();
    expect(await isAccepted(text, other)).toBe(false);
  });
});

it('a text that is no key is not counted, so that a program with a wrong one locks out nobody', async () => {
  const { text } = await issued();
  for (let n = 0; n < 100; n++) expect(await isAccepted('garbage')).toBe(false);
  expect(await isAccepted(text)).toBe(true);
});

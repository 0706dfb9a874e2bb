import { memoryAdapters } from '@readership/embedded';
import { Unavailable, type AccessStore, type Adapters } from '@readership/kernel';
import { around } from '@readership/kernel/testing';
import { eventually } from '../eventually.js';
import { People } from './people.js';

const masterKey = Buffer.alloc(32, 1);
const id = 'p_ana';
let adapters: Adapters;
let puts: number;
let isAway: boolean;
let people: People;

beforeEach(() => {
  adapters = memoryAdapters();
  [puts, isAway] = [0, false];
  people = peopleWith(masterKey);
});
afterEach(() => adapters.close());

function peopleWith(key: Buffer): People {
  const { access } = adapters;
  const put: AccessStore['put'] = async (...asked) => {
    if (isAway) throw new Unavailable('STORE_UNAVAILABLE', 'test');
    puts++;
    return access.put(...asked);
  };
  return new People(around(access, { put }), { masterKey: key });
}
/** Resolves once the name is this one. */
const named = async (name: string | null) =>
  expect(
    await eventually(async () => {
      const person = await people.get(id);
      return person !== null && person.name === name ? 'named' : null;
    }),
  ).toBe('named');

it('somebody who was never seen is nobody', async () => expect(await people.get(id)).toBeNull());

it('a name is stored once, however many requests come, and again when it changes', async () => {
  for (let n = 0; n < 20; n++) people.note(id, 'Ana Núñez');
  await named('Ana Núñez');
  people.note(id, 'Ana Núñez');
  people.note(id, 'Ana Gómez');
  await named('Ana Gómez');
  expect(puts).toBe(2);
  // Another process finds it stored already.
  const other = peopleWith(masterKey);
  other.note(id, 'Ana Gómez');
  expect(await other.get(id)).toEqual({ name: 'Ana Gómez' });
  expect(puts).toBe(2);
});

it('a name is not readable in the store, and is not known with another master key', async () => {
  people.note(id, 'Ana Núñez');
  await named('Ana Núñez');
  const [record] = await adapters.access.list({ limit: 9 });
  expect(JSON.stringify(record)).not.toMatch(/Ana|Núñez/);
  expect(Buffer.from(JSON.parse(record!.body).sealedName, 'base64').toString('latin1')).not.toMatch(/Ana/);
  expect(await peopleWith(Buffer.alloc(32, 2)).get(id)).toEqual({ name: null });
  expect(await people.get('p_another')).toBeNull();
});

it('a token without a name takes none away', async () => {
  people.note(id, undefined);
  await named(null);
  people.note(id, 'Ana Núñez');
  await named('Ana Núñez');
  for (const none of [undefined, null, 7, '', '  ', 'A\u0000na', 'x'.repeat(201), 'y'.repeat(9999)])
    people.note(id, none);
  peopleWith(masterKey).note(id, undefined);
  await named('Ana Núñez');
  expect(puts).toBe(2);
});

it('while the database is away nothing is refused, and the name is stored later', async () => {
  isAway = true;
  people.note(id, 'Ana Núñez');
  expect(await people.get(id)).toBeNull();
  isAway = false;
  await eventually(async () => {
    people.note(id, 'Ana Núñez');
    return people.get(id);
  });
  await named('Ana Núñez');
});

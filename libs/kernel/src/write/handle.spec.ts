import { memoryAdapters } from '@readership/embedded';
import {
  foldFor,
  handle,
  Refusal,
  type Decider,
  type Event,
  type EventStore,
  type Meta,
  type Publish,
} from '../index.js';

type Set = Event<'Set', { readonly to: number }>;

/** A dial is set to any number but the one that it shows. */
const dial: Decider<number, { readonly to: number }, Set> = {
  category: 'dial',
  initial: 0,
  decide({ to }, shown) {
    if (to < 0) throw new Refusal('BELOW_ZERO', 'invalid', 'Give a number from 0.');
    return to === shown ? [] : [{ type: 'Set', data: { to } }];
  },
  evolve: (_shown, { data }) => data.to,
};
/** Even numbers are published. */
const publish: Publish<Set> = ({ data }, stream) => ({
  key: stream,
  fact: data.to % 2 === 0 ? { type: 'Set', schema: 1, data } : null,
});
const metaOf = (commandId: string): Meta => ({ commandId, at: '2026-03-01T10:00:00.000Z', actor: 'spec' });

let adapters: ReturnType<typeof memoryAdapters>;
let store: EventStore;

beforeEach(() => {
  adapters = memoryAdapters({});
  store = adapters.eventStore('dials', publish);
});
afterEach(() => adapters.close());

const set = (to: number, command: string, ifVersions?: readonly number[]) =>
  handle(store, dial, 'd', { to }, metaOf(command), ifVersions);
const version = async (): Promise<number> => (await store.load('dial-d')).version;

describe('a command that is repeated', () => {
  it('gives what it gave, whatever happened since, and records nothing', async () => {
    const first = await set(4, 'one');
    await set(7, 'two');
    const again = await set(4, 'one');
    expect(again).toMatchObject({ state: 4, version: 1, marks: first.marks });
    expect(again.events.map(({ data }) => data)).toEqual([{ to: 4 }]);
    expect(await set(7, 'two')).toMatchObject({ state: 7, version: 2 });
    expect(await version()).toBe(2);
  });

  it('is not refused for the version that it changed itself', async () => {
    await set(1, 'one');
    await set(4, 'two', [1]);
    expect(await set(4, 'two', [1])).toMatchObject({ version: 2 });
    await expect(set(5, 'three', [1])).rejects.toMatchObject({ code: 'VERSION_MISMATCH' });
  });

  it('is still asked whether it is permitted, by the state that it meets', async () => {
    await set(4, 'one');
    await set(7, 'two');
    const met: number[] = [];
    const expectPermitted = async (state: number): Promise<void> => {
      met.push(state);
      throw new Refusal('OUT_OF_SCOPE', 'forbidden', 'It is not yours.');
    };
    const again = handle(store, dial, 'd', { to: 4 }, metaOf('one'), undefined, expectPermitted);
    await expect(again).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' });
    expect(met).toEqual([7]);
  });

  it('is decided anew when it recorded nothing the first time', async () => {
    await expect(set(-1, 'one')).rejects.toMatchObject({ code: 'BELOW_ZERO' });
    await set(0, 'two');
    await set(3, 'three');
    expect(await set(0, 'two')).toMatchObject({ state: 0, version: 2 });
  });

  it('that was stored and not answered is recorded once', async () => {
    const { append } = store;
    store.append = async (...args) => {
      store.append = append;
      await append.apply(store, args);
      throw new Error('the process ended');
    };
    await expect(set(4, 'one')).rejects.toThrow('the process ended');
    expect(await set(4, 'one')).toMatchObject({ state: 4, version: 1, events: [{ data: { to: 4 } }] });
    expect(await version()).toBe(1);
  });
});

it('a fold for a command says what it recorded, and what is now', async () => {
  await set(3, 'one');
  await set(7, 'two');
  const { state, earlier } = await foldFor(store, dial, 'd', 'one');
  expect([state, earlier?.state, earlier?.version]).toEqual([7, 3, 1]);
  expect(Object.values(earlier!.marks!)).toEqual([{ taken: expect.any(Number), published: 0 }]);
  expect(await foldFor(store, dial, 'd', 'three')).toEqual({ state: 7, version: 2, earlier: null });
});

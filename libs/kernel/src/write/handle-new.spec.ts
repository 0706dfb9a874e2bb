import { memoryAdapters } from '@readership/embedded';
import {
  handle,
  handleNew,
  Refusal,
  type Decider,
  type Event,
  type EventStore,
  type Meta,
  type Publish,
} from '../index.js';

type Opened = Event<'Opened', { readonly by: string }>;
type Command = { readonly by: string };

/** A door is opened once. Nobody else can open it again, and only Eve opens a door that does not exist. */
const door: Decider<string | null, Command, Opened> = {
  category: 'door',
  initial: null,
  decide({ by }, opener) {
    if (opener === null) {
      if (by === 'nobody') throw new Refusal('NO_DOOR', 'unknown', 'There is no door.');
      return [{ type: 'Opened', data: { by } }];
    }
    if (by === opener || by === 'nobody') return [];
    if (by === 'everybody') return [{ type: 'Opened', data: { by } }];
    throw new Refusal('OPENED_BEFORE', 'conflict', 'Somebody else opened it.');
  },
  evolve: (_opener, { data }) => data.by,
};
const publish: Publish<Opened> = (event, stream) => ({
  key: stream,
  fact: { type: 'Opened', schema: 1, data: event.data },
});
const meta: Meta = { commandId: 'request', at: '2026-03-01T10:00:00.000Z', actor: 'spec' };

let adapters: ReturnType<typeof memoryAdapters>;
let store: EventStore;
let commands: number;
let appends: number;
let loads: number;

beforeEach(() => {
  adapters = memoryAdapters({});
  store = adapters.eventStore('doors', publish);
  const { appendEach, load } = store;
  [appends, loads, commands] = [0, 0, 0];
  store.appendEach = (commits) => (appends++, appendEach.call(store, commits));
  store.load = (stream, after) => (loads++, load.call(store, stream, after));
});
afterEach(() => adapters.close());

const open = (...asked: readonly (readonly [id: string, by: string])[]) =>
  handleNew(
    store,
    door,
    asked.map(([id, by]) => ({ id, command: { by } })),
    meta,
    () => `command-${commands++}`,
  );

describe('many commands for new streams', () => {
  it('are recorded together, without reading a stream', async () => {
    const begun = await open(['a', 'Ada'], ['b', 'Bob']);
    expect(begun).toMatchObject([
      { outcome: 'recorded', id: 'a', version: 1 },
      { outcome: 'recorded', id: 'b', version: 1 },
    ]);
    expect([appends, loads]).toEqual([1, 0]);
    for (const [at, stream] of ['door-a', 'door-b'].entries()) {
      const [event] = (await store.load(stream)).events;
      expect(event).toMatchObject({ recordedAt: meta.at, actor: 'spec', commandId: `command-${at}` });
      expect(begun[at]).toMatchObject({ marks: { 0: { taken: event!.position } } });
    }
  });

  it('are answered in order, each as its stream has it', async () => {
    await open(['a', 'Ada']);
    expect(
      await open(['b', 'Bob'], ['a', 'Ada'], ['a', 'Eve'], ['c', 'Cy'], ['a', 'everybody']),
    ).toMatchObject([
      { outcome: 'recorded', id: 'b' },
      { outcome: 'already-recorded', id: 'a', version: 1, marks: {} },
      { outcome: 'refused', id: 'a', refusal: { code: 'OPENED_BEFORE' } },
      { outcome: 'recorded', id: 'c' },
      { outcome: 'recorded', id: 'a', version: 2 },
    ]);
  });

  it('meet each other when they are for one stream', async () => {
    expect(await open(['a', 'Ada'], ['a', 'Ada'], ['a', 'Bob'])).toMatchObject([
      { outcome: 'recorded', version: 1 },
      { outcome: 'already-recorded', version: 1 },
      { outcome: 'refused', refusal: { code: 'OPENED_BEFORE' } },
    ]);
    expect((await store.load('door-a')).version).toBe(1);
  });

  it('are refused by a stream that is not there, unless it is', async () => {
    expect(await open(['a', 'nobody'])).toMatchObject([{ outcome: 'refused', refusal: { code: 'NO_DOOR' } }]);
    await handle(store, door, 'a', { by: 'Ada' }, { ...meta, commandId: 'other' });
    expect(await open(['a', 'nobody'], ['b', 'nobody'])).toMatchObject([
      { outcome: 'already-recorded', version: 1 },
      { outcome: 'refused', refusal: { code: 'NO_DOOR' } },
    ]);
  });

  it('may be none', async () => expect(await open()).toEqual([]));

  it('fail together with BUSY when others keep winning', async () => {
    await open(['a', 'Ada']);
    store.append = () => Promise.resolve({ outcome: 'conflict' });
    await expect(open(['a', 'everybody'])).rejects.toMatchObject({ code: 'BUSY', kind: 'not-yet' });
  });

  it('are recorded one by one when the store refuses one of them', async () => {
    const { appendEach } = store;
    store.appendEach = async (commits) => {
      if (commits.some(({ stream }) => stream === 'door-b'))
        throw new Refusal('KEY_UNUSABLE', 'conflict', 'The stored key does not open.');
      return appendEach.call(store, commits);
    };
    expect(await open(['a', 'Ada'], ['b', 'Bob'], ['c', 'Cy'])).toMatchObject([
      { outcome: 'recorded', id: 'a' },
      { outcome: 'refused', id: 'b', refusal: { code: 'KEY_UNUSABLE' } },
      { outcome: 'recorded', id: 'c' },
    ]);
  });

  it('let an error that is no refusal through', async () => {
    const broken = { ...door, decide: () => JSON.parse('{') as Opened[] };
    const asked = handleNew(store, broken, [{ id: 'a', command: { by: 'Ada' } }], meta, () => 'command');
    await expect(asked).rejects.toThrow(SyntaxError);
  });
});

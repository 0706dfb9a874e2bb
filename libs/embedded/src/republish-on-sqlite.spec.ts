import {
  checkHistory,
  Relay,
  republish,
  StoreBehindLog,
  type AnyEvent,
  type EventLog,
  type EventStore,
  type Lane,
} from '@readership/kernel';
import { adaptersOver, openDriver, type EmbeddedAdapters, type SqlDriver } from './index.js';

const name = 'counters';
const drivers = new Map<string, SqlDriver>();
const openedNow: EmbeddedAdapters[] = [];

/** Opens what is stored under a name. `fresh` lists the databases that were lost. */
function opened(...fresh: readonly string[]): { readonly store: EventStore; readonly log: EventLog } {
  for (const lost of fresh) drivers.delete(lost);
  const driverOf = (of: string): SqlDriver => {
    if (!drivers.has(of)) drivers.set(of, openDriver(':memory:'));
    return drivers.get(of)!;
  };
  const adapters = adaptersOver(driverOf, { masterKey: Buffer.alloc(32), partitions: 1 });
  openedNow.push(adapters);
  const publish = (event: AnyEvent) => ({
    key: 'k',
    fact: event.type === 'Told' ? { type: 'Told', schema: 1, data: event.data } : null,
  });
  return { store: adapters.eventStore(name, publish), log: adapters.eventLog };
}

afterEach(async () => {
  await Promise.all(openedNow.splice(0).map((adapters) => adapters.close()));
  drivers.clear();
});

/** Position of the nth commit. */
const at = (n: number): number => 128 * n;

let commands = 0;
async function record(store: EventStore, ...types: readonly ('Told' | 'Kept')[]): Promise<void> {
  for (const type of types) {
    const id = `00000000-0000-4000-8000-${String(++commands).padStart(12, '0')}`;
    const meta = { commandId: id, at: '2026-03-01T10:00:00.000Z', actor: 'spec' };
    await store.append(`note-${id}`, 0, [{ type, data: {} }], meta);
  }
}

/** A log that holds records up to `reach`, and records where a lane was moved back to. */
function losing(log: EventLog, reach: number): EventLog & { readonly moved: Lane[] } {
  const moved: Lane[] = [];
  const moveBack = async (_context: string, _partition: number, to: Lane): Promise<Lane> => {
    moved.push(to);
    return to;
  };
  const reaching = async (): Promise<Record<string, number>> => ({ [name]: reach });
  return Object.assign(Object.create(log) as EventLog, { moved, moveBack, reach: reaching });
}

describe('what is published again', () => {
  it('follows the last fact before the position that was named', async () => {
    const { store, log } = opened();
    await record(store, 'Told', 'Kept', 'Told', 'Kept', 'Kept', 'Told');
    while ((await new Relay(name, 0, store, log).step()) > 0);
    const lossy = losing(log, 0);
    const from = async (position: number): Promise<Lane> => {
      await republish({ name, store, log: lossy }, 0, position);
      return lossy.moved.at(-1)!;
    };
    expect(await from(at(6))).toEqual({ scanned: at(6) - 1, published: at(3) });
    expect(await from(at(3) + 1)).toEqual({ scanned: at(3), published: at(3) });
    expect(await from(at(3))).toEqual({ scanned: at(3) - 1, published: at(1) });
    expect(await from(1)).toEqual({ scanned: 0, published: 0 });
  });

  it('is found where there are many pages before it', async () => {
    const { store, log } = opened();
    await record(store, 'Told', ...Array.from({ length: 2_500 }, () => 'Kept' as const), 'Told');
    while ((await new Relay(name, 0, store, log).step()) > 0);
    const lossy = losing(log, 0);
    await republish({ name, store, log: lossy }, 0, at(2_502));
    expect(lossy.moved).toEqual([{ scanned: at(2_502) - 1, published: at(1) }]);
  });

  it('is what the log lacks, and nothing when it lacks nothing', async () => {
    const { store, log } = opened();
    await record(store, 'Told', 'Kept', 'Told', 'Told');
    while ((await new Relay(name, 0, store, log).step()) > 0);
    const lossy = losing(log, at(3));
    expect(await republish({ name, store, log: lossy }, 0, 'missing')).toEqual({
      after: at(3),
      through: at(4),
    });
    expect(lossy.moved).toEqual([{ scanned: at(3), published: at(3) }]);
    expect(await republish({ name, store, log }, 0, 'missing')).toEqual({
      after: at(4),
      through: at(4),
    });
  });

  it('is refused beyond the end, before it was published, and on a log that can lack nothing', async () => {
    const { store, log } = opened();
    await record(store, 'Told', 'Told');
    await expect(republish({ name, store, log }, 0, at(3))).rejects.toMatchObject({ code: 'BEYOND_THE_END' });
    await expect(republish({ name, store, log }, 0, at(2))).rejects.toMatchObject({
      code: 'NOT_PUBLISHED_YET',
    });
    while ((await new Relay(name, 0, store, log).step()) > 0);
    await expect(republish({ name, store, log }, 0, at(2))).rejects.toMatchObject({ code: 'LOG_IS_WHOLE' });
  });
});

describe('a store that is older than the log', () => {
  it('is refused before it records anything at positions that were published', async () => {
    const before = opened();
    await record(before.store, 'Told', 'Told', 'Told');
    while ((await new Relay(name, 0, before.store, before.log).step()) > 0);
    await expect(checkHistory({ name, ...opened() })).resolves.toBeUndefined();
    const { store, log } = opened(name);
    await record(store, 'Told');
    await expect(checkHistory({ name, store, log })).rejects.toThrow(
      new StoreBehindLog(
        'counters cannot run: in partition 0 the log holds up to position 384, and the store ends at 128. ' +
          'Its database is older than the log: see «Backup and restore» in OPERATIONS.md.',
      ),
    );
  });

  it('is refused when it holds another event where the log has gone further than its lane', async () => {
    const { store, log } = opened();
    await record(store, 'Told', 'Told', 'Told');
    const [, second] = await store.readPage(0, 0, 9);
    const further = (id: string): EventLog =>
      Object.assign(Object.create(log) as EventLog, {
        beyond: async () => new Map([[0, { position: at(2), id }]]),
      });
    await expect(checkHistory({ name, store, log: further(second!.id) })).resolves.toBeUndefined();
    await expect(checkHistory({ name, store, log: further('another') })).rejects.toThrow(
      'in partition 0 the log holds another event at position 256',
    );
  });
});

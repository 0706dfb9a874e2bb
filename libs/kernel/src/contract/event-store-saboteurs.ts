import type { AnyEvent, Stored } from '../event.js';
import type { EventStore } from '../ports/event-store.js';
import { Refusal } from '../refusal.js';
import { damagedType } from '../write/commit-body.js';
import { around, uuid, type Saboteur } from './contract.js';

type EventStoreSaboteur = Saboteur<EventStore>;

const simple = (
  name: string,
  breaks: string,
  replaced: (store: EventStore) => Partial<EventStore>,
): EventStoreSaboteur => ({ name, breaks, begin: () => (store) => around(store, replaced(store)) });

/** Changes events on every way they are read. */
const reading = (name: string, breaks: string, change: (event: Stored) => Stored): EventStoreSaboteur =>
  simple(name, breaks, (store) => ({
    load: async (...args) => {
      const page = await store.load(...args);
      return { ...page, events: page.events.map(change) };
    },
    readPage: async (...args) => (await store.readPage(...args)).map(change),
  }));

/** Leaves out some events of a page. */
const leavingOut = (
  name: string,
  breaks: string,
  isLeftOut: (event: Stored) => boolean,
): EventStoreSaboteur =>
  simple(name, breaks, (store) => ({
    readPage: async (...args) => (await store.readPage(...args)).filter((event) => !isLeftOut(event)),
  }));

async function endOf(store: EventStore, stream: string): Promise<number> {
  for (let version = 0; ;) {
    const page = await store.load(stream, version);
    version = page.version;
    if (!page.more) return version;
  }
}

/** Wrappers that each break one guarantee of a correct event store. */
export const eventStoreSaboteurs: readonly EventStoreSaboteur[] = [
  simple('accepts two at one version', 'of many appenders at one version exactly one wins', (store) => ({
    append: async (stream, expected, events, meta) => {
      const outcome = await store.append(stream, expected, events, meta);
      return outcome.outcome === 'appended'
        ? outcome
        : store.append(stream, await endOf(store, stream), events, meta);
    },
  })),
  simple(
    'takes an expected version for a lower bound',
    'an expected version that is not the version of the stream is a conflict and stores nothing',
    (store) => ({
      append: async (stream, expected, events, meta) =>
        store.append(stream, Math.max(expected, await endOf(store, stream)), events, meta),
    }),
  ),
  simple('loses the second event of a commit', 'a commit is stored whole', (store) => ({
    append: (stream, expected, events, meta) =>
      store.append(
        stream,
        expected,
        events.filter((_, i) => i !== 1),
        meta,
      ),
  })),
  {
    name: 'answers a repeated command by storing again',
    breaks:
      'the same command id at the same expected version answers as it did the first time and stores nothing',
    begin: () => {
      const seen = new Set<string>();
      let fresh = 1_000_000;
      return (store) =>
        around(store, {
          append: async (stream, expected, events, meta) => {
            const command = `${stream} ${expected} ${meta.commandId}`;
            if (!seen.has(command)) {
              seen.add(command);
              return store.append(stream, expected, events, meta);
            }
            return store.append(stream, await endOf(store, stream), events, {
              ...meta,
              commandId: uuid(fresh++),
            });
          },
        });
    },
  },
  simple(
    'takes a repeated command for a conflict',
    'the same command id at the same expected version answers as it did the first time and stores nothing',
    (store) => ({
      append: async (stream, expected, events, meta) =>
        (await endOf(store, stream)) === expected
          ? store.append(stream, expected, events, meta)
          : { outcome: 'conflict' },
    }),
  ),
  reading(
    'forgets personal parts',
    'a personal part reads back as it was and is encrypted at rest',
    (event) => (event.personal === undefined ? event : { ...event, personal: null }),
  ),
  simple(
    'keeps personal parts in the clear',
    'a personal part reads back as it was and is encrypted at rest',
    (store) => {
      const hide = (event: Stored): Stored => {
        const data = Object.entries(event.data).filter(([name]) => name !== 'clear');
        return { ...event, data: Object.fromEntries(data) };
      };
      return {
        append: (stream, expected, events, meta) => {
          const bare = (event: AnyEvent): AnyEvent =>
            event.personal ? { ...event, data: { ...event.data, clear: event.personal } } : event;
          return store.append(stream, expected, events.map(bare), meta);
        },
        load: async (...args) => {
          const page = await store.load(...args);
          return { ...page, events: page.events.map(hide) };
        },
        readPage: async (...args) => (await store.readPage(...args)).map(hide),
      };
    },
  ),
  reading(
    'computes the key anew when reading',
    'key, partition, published body and envelope are fixed at append and read back as they were',
    (event) => ({ ...event, key: event.stream }),
  ),
  reading(
    'publishes what is private',
    'key, partition, published body and envelope are fixed at append and read back as they were',
    (event) => ({ ...event, fact: event.fact ?? { type: 'NoteTaken', schema: 3, data: {} } }),
  ),
  simple(
    'orders what it reads by clocks that run backwards',
    'a stream keeps its order in a partition, whatever the clocks of its writers say',
    (store) => ({
      readPage: async (...args) => {
        const page = await store.readPage(...args);
        const positions = page.map(({ position }) => position);
        return [...page].reverse().map((event, i) => ({ ...event, position: positions[i]! }));
      },
    }),
  ),
  simple(
    'gives positions out of order',
    'positions of a partition increase and pages follow them',
    (store) => ({
      readPage: async (...args) => {
        const page = await store.readPage(...args);
        const order = page.map(({ position }) => position).reverse();
        return page.map((event, i) => ({ ...event, position: order[i]! }));
      },
    }),
  ),
  {
    name: 'shows an event late, after one that follows it',
    breaks: 'whoever has read up to a position never finds something new at or before it',
    begin: () => {
      const hidden = new Set<string>();
      return (store) =>
        around(store, {
          readPage: async (...args) => {
            const page = await store.readPage(...args);
            return page.filter(({ id }, i) => {
              if (hidden.size >= 3 || hidden.has(id) || i === page.length - 1) return true;
              hidden.add(id);
              return false;
            });
          },
        });
    },
  },
  {
    name: 'loses everything when it is opened again',
    breaks: 'a commit is durable when the promise resolves',
    begin: () => {
      let openings = 0;
      return (store) =>
        ++openings === 1
          ? store
          : around(store, {
              load: async (_stream, version = 0) => ({ events: [], version, more: false }),
              readPage: async () => [],
            });
    },
  },
  {
    name: 'loses the last commit when it is opened again',
    breaks: 'a commit is durable when the promise resolves',
    begin: () => {
      let last = '';
      let lost = '';
      return (store) => {
        lost = last;
        return around(store, {
          append: (stream, expected, events, meta) => {
            last = stream;
            return store.append(stream, expected, events, meta);
          },
          load: async (stream, version = 0) =>
            stream === lost ? { events: [], version, more: false } : store.load(stream, version),
        });
      };
    },
  },
  simple(
    'lets one conflict fail all of appendEach',
    'commits of appendEach are judged by themselves, in order, and answer at their index',
    (store) => ({
      appendEach: async (commits) => {
        for (const { stream, expectedVersion } of commits) {
          if ((await endOf(store, stream)) > expectedVersion)
            return commits.map(() => ({ outcome: 'conflict' }));
        }
        return store.appendEach(commits);
      },
    }),
  ),
  simple(
    'ignores the limit of a page',
    'a page holds at most its limit and ends early only at a whole commit',
    (store) => ({
      readPage: (partition, after, limit) => store.readPage(partition, after, limit + 2),
    }),
  ),
  simple(
    'cuts a page within a commit',
    'a page holds at most its limit and ends early only at a whole commit',
    (store) => ({
      readPage: (partition, after, limit) => store.readPage(partition, after, limit > 2 ? limit - 1 : limit),
    }),
  ),
  simple(
    'ends a long stream too early',
    'a long stream loads in pages, oldest first, after a version',
    (store) => ({
      load: async (stream, after) => {
        const page = await store.load(stream, after);
        const events = page.events.slice(0, 500);
        return { events, version: events.at(-1)?.version ?? page.version, more: false };
      },
    }),
  ),
  simple(
    'takes a body of any size and keeps none',
    'a body over 64 KiB, private or published, is refused with EVENT_TOO_LARGE',
    (store) => ({
      append: async (stream, expected, events, meta) => {
        try {
          return await store.append(stream, expected, events, meta);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return { outcome: 'appended', version: expected + events.length, marks: {} };
        }
      },
    }),
  ),
  simple(
    'marks nothing',
    'marks are the last position taken and the last that publishes, per partition',
    (store) => ({
      append: async (...args) => {
        const outcome = await store.append(...args);
        return outcome.outcome === 'appended' ? { ...outcome, marks: {} } : outcome;
      },
    }),
  ),
  simple(
    'counts private events as facts',
    'an account counts what lies in a partition, up to and including a position, and what waits after it',
    (store) => ({
      account: async (...args) => {
        const { recorded } = await store.account(...args);
        return { recorded, facts: recorded, privateOnly: 0 };
      },
    }),
  ),
  simple(
    'counts the position asked for among what waits',
    'an account counts what lies in a partition, up to and including a position, and what waits after it',
    (store) => ({ waiting: async (partition, after) => (await store.waiting(partition, after)) + 1 }),
  ),
  simple(
    'loses the keys of a large batch',
    'a batch of more subjects than the store remembers keys opens again',
    (store) => ({
      appendEach: (commits) =>
        store.appendEach(
          commits.map((commit, n) =>
            n < 16
              ? commit
              : { ...commit, events: commit.events.map((event) => ({ ...event, personal: null })) },
          ),
        ),
    }),
  ),
  leavingOut(
    'leaves out what it cannot decrypt',
    'what cannot be decrypted reads as null, and is counted by its cause',
    ({ personal }) => personal === null,
  ),
  simple(
    'keeps a destroyed key',
    'a destroyed key opens nothing any more, and other keys are as they were',
    () => ({ destroyKeys: async () => undefined }),
  ),
  leavingOut(
    'leaves out a damaged event',
    'a damaged event reads as one, with its key, and those around it as they were',
    ({ type }) => type === damagedType,
  ),
  simple(
    'gives the outbox the content as well',
    'an outbox holds what pages do but for the content, whatever became of the keys',
    (store) => ({ readOutbox: (...args) => store.readPage(...args) }),
  ),
  simple(
    'loads a damaged stream as far as it goes',
    'a damaged event reads as one, with its key, and those around it as they were',
    (store) => ({
      load: async (stream, after = 0) => {
        try {
          return await store.load(stream, after);
        } catch {
          return { events: [], version: after, more: false };
        }
      },
    }),
  ),
  simple(
    'drops a personal part that it cannot seal',
    'nothing is sealed under a stored key that does not open, and nothing else is held up',
    (store) => ({
      append: async (stream, expected, events, meta) => {
        try {
          return await store.append(stream, expected, events, meta);
        } catch {
          const bare = events.map((event) => ({ ...event, personal: null }));
          return store.append(stream, expected, bare, meta);
        }
      },
    }),
  ),
  simple(
    'never wakes who waits for a change',
    'changed resolves when something was appended since the last call, after a moment, or when it is aborted',
    () => ({ changed: () => new Promise(() => undefined) }),
  ),
];

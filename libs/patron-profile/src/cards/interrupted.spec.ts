import { memoryAdapters } from '@readership/embedded';
import { Secrets } from '@readership/host';
import {
  EventStore,
  type Adapters,
  type AnyEvent,
  type Appended,
  type Commit,
  type Meta,
  type Stored,
  type UnreadableEvents,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { PatronCards } from '../patrons/patron-cards.js';
import { registrationOf } from '../patrons/registration.js';
import { Registrations, type RegistrationOutcome } from '../patrons/registrations.js';
import { publish, type PatronProfileEvent } from '../publish.js';
import { Cards } from './cards.js';

const days = { today: '2024-06-15', lastDays: new Map<string, string>() };
const secrets = new Secrets({
  masterKey: Buffer.alloc(32, 1),
  cardKey: Buffer.alloc(32, 2),
  linkKey: Buffer.alloc(32, 3),
  adminKey: 'key',
});

class Stopped extends Error {}

/** A store that lets a number of commits pass and calls `meet` before the next one. */
class Interrupted extends EventStore {
  constructor(
    private readonly inner: EventStore,
    private left: number,
    private readonly meet: () => Promise<void>,
  ) {
    super();
  }
  get partitions(): number {
    return this.inner.partitions;
  }
  get unreadable(): UnreadableEvents {
    return this.inner.unreadable;
  }
  async append(stream: string, version: number, events: readonly AnyEvent[], meta: Meta): Promise<Appended> {
    if (this.left-- === 0) await this.meet();
    return this.inner.append(stream, version, events, meta);
  }
  async appendEach(commits: readonly Commit[]): Promise<readonly Appended[]> {
    const results: Appended[] = [];
    for (const { stream, expectedVersion, events, meta } of commits) {
      results.push(await this.append(stream, expectedVersion, events, meta));
    }
    return results;
  }
  load = (stream: string, after?: number) => this.inner.load(stream, after);
  readPage = (partition: number, after: number, limit: number) =>
    this.inner.readPage(partition, after, limit);
  readOutbox = (partition: number, after: number, limit: number) =>
    this.inner.readOutbox(partition, after, limit);
  end = (partition: number) => this.inner.end(partition);
  account = (partition: number, through?: number) => this.inner.account(partition, through);
  waiting = (partition: number, after: number) => this.inner.waiting(partition, after);
  destroyKeys = (subjects: readonly string[]) => this.inner.destroyKeys(subjects);
  changed = (signal: AbortSignal) => this.inner.changed(signal);
}

let clock = 0;
/** Each request comes ten seconds after the one before, so the claims that it finds were left behind. */
function metaNow(): Meta {
  return {
    commandId: randomUUID(),
    at: new Date(Date.parse('2024-06-15T08:00:00.000Z') + 10_000 * clock++).toISOString(),
    actor: 'admin',
  };
}

function desk(store: EventStore) {
  const cards = new Cards(store, secrets);
  const registrations = new Registrations(store, cards, secrets);
  const patronCards = new PatronCards(store, cards, secrets);
  return {
    async register(givenName: string, ...numbers: string[]): Promise<RegistrationOutcome> {
      const body = { cards: numbers, givenName, familyName: 'Reader', homeBranch: 'NORTH' };
      return (await registrations.register([registrationOf(body)], days, metaNow())).outcomes[0]!;
    },
    change: (id: string, add: string[], remove: string[] = []) =>
      patronCards.change(id, { add, remove }, metaNow()),
    holder: (number: string) => cards.holder(cards.tokenOf(number), metaNow()),
  };
}

type StoredProfileEvent = Stored<PatronProfileEvent>;

async function everything(store: EventStore): Promise<StoredProfileEvent[]> {
  const events: StoredProfileEvent[] = [];
  for (let partition = 0; partition < store.partitions; partition++) {
    events.push(...((await store.readPage(partition, 0, 10_000)) as unknown as StoredProfileEvent[]));
  }
  return events;
}

/** Checks what must hold when no request is in progress: the links of every card agree with the persons' streams. */
async function expectAgreement(store: EventStore, numbers: readonly string[]): Promise<void> {
  const { holder } = desk(store);
  for (const number of numbers) await holder(number);
  const events = await everything(store);
  const held = new Map<string, string>();
  const linked = new Map<string, string>();
  const registered: string[] = [];
  for (const event of events) {
    if (event.type === 'PatronRegistered') registered.push(event.key);
    if (event.type === 'CardAdded') held.set(`${event.data.token} ${event.key}`, event.key);
    if (event.type === 'CardRemoved') held.delete(`${event.data.token} ${event.key}`);
    if (event.type === 'CardLinked') {
      expect(linked.get(event.data.token)).toBeUndefined();
      expect(registered).toContain(event.data.personId);
      linked.set(event.data.token, event.data.personId);
    }
    if (event.type === 'CardUnlinked') linked.delete(event.data.token);
  }
  expect(new Set(registered).size).toBe(registered.length);
  expect([...linked].map(([token, id]) => `${token} ${id}`).sort()).toEqual([...held.keys()].sort());
}

async function stopping(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
}

const stop = () => Promise.reject(new Stopped());
/** Two claims, the registration and two links; 5 means that nothing is interrupted. */
const cuts = [0, 1, 2, 3, 4, 5];

describe('a registration that stops between two appends', () => {
  let adapters: Adapters;
  let store: EventStore;
  beforeEach(() => {
    adapters = memoryAdapters({});
    store = adapters.eventStore('patron-profile', publish);
  });
  afterEach(() => adapters.close());

  it.each(cuts)('is finished by the same request again (after %i)', async (cut) => {
    await stopping(() => desk(new Interrupted(store, cut, stop)).register('Ada', 'A', 'B'));
    const again = await desk(store).register('Ada', 'A', 'B');
    expect(again).toMatchObject({ outcome: cut < 3 ? 'recorded' : 'already-recorded' });
    const { id } = again as { id: string };
    expect([await desk(store).holder('A'), await desk(store).holder('B')]).toEqual([id, id]);
    expect((await everything(store)).filter(({ type }) => type === 'PatronRegistered')).toHaveLength(1);
    await expectAgreement(store, ['A', 'B']);
  });

  it.each(cuts)('gives way to somebody else, unless it had registered (after %i)', async (cut) => {
    await stopping(() => desk(new Interrupted(store, cut, stop)).register('Ada', 'A', 'B'));
    const other = await desk(store).register('Bob', 'B', 'A');
    const again = await desk(store).register('Ada', 'A', 'B');
    if (cut < 3) {
      expect(other).toMatchObject({ outcome: 'recorded' });
      expect(again).toMatchObject({ outcome: 'refused', refusal: { code: 'CARD_TAKEN' } });
    } else {
      expect(other).toMatchObject({ outcome: 'refused', refusal: { code: 'CARD_TAKEN' } });
      expect(again).toMatchObject({ outcome: 'already-recorded' });
    }
    await expectAgreement(store, ['A', 'B']);
  });

  it('ends right when the other stops, too, wherever both do', async () => {
    for (const first of cuts) {
      for (const second of [...cuts, 6, 7, 8]) {
        const [a, b] = [`A${first}.${second}`, `B${first}.${second}`];
        await stopping(() => desk(new Interrupted(store, first, stop)).register('Ada', a, b));
        await stopping(() => desk(new Interrupted(store, second, stop)).register('Bob', b));
        const outcomes = [await desk(store).register('Ada', a, b), await desk(store).register('Bob', b)];
        expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(1);
        await expectAgreement(store, [a, b]);
      }
    }
  });

  it.each(cuts)(
    'fails when it only paused and somebody else went on, unless it had registered (%i)',
    async (cut) => {
      let other: RegistrationOutcome | undefined;
      const paused = new Interrupted(store, cut, async () => {
        other = await desk(store).register('Bob', 'B');
      });
      const mine = await desk(paused).register('Ada', 'A', 'B');
      other ??= await desk(store).register('Bob', 'B');
      expect([mine.outcome === 'refused', other.outcome === 'refused']).toEqual(
        cut < 3 ? [true, false] : [false, true],
      );
      await expectAgreement(store, ['A', 'B']);
    },
  );

  it.each(cuts)('registers once when the same request overtakes it (%i)', async (cut) => {
    let same: RegistrationOutcome | undefined;
    const paused = new Interrupted(store, cut, async () => {
      same = await desk(store).register('Ada', 'A', 'B');
    });
    const mine = await desk(paused).register('Ada', 'A', 'B');
    same ??= await desk(store).register('Ada', 'A', 'B');
    expect(mine).toMatchObject({ id: (same as { id: string }).id });
    await expectAgreement(store, ['A', 'B']);
  });
});

describe('a change of cards that stops between two appends', () => {
  let adapters: Adapters;
  let store: EventStore;
  let ada: string;
  let bob: string;
  beforeEach(async () => {
    adapters = memoryAdapters({});
    store = adapters.eventStore('patron-profile', publish);
    ada = ((await desk(store).register('Ada', 'A')) as { id: string }).id;
    bob = ((await desk(store).register('Bob', 'B')) as { id: string }).id;
  });
  afterEach(() => adapters.close());

  // The claim of N, the person's decision, the end of A's link, the link of N.
  it.each([0, 1, 2, 3, 4])('is finished by the same request again (after %i)', async (cut) => {
    await stopping(() => desk(new Interrupted(store, cut, stop)).change(ada, ['N'], ['A']));
    await desk(store).change(ada, ['N'], ['A']);
    expect([await desk(store).holder('A'), await desk(store).holder('N')]).toEqual([null, ada]);
    await expectAgreement(store, ['A', 'B', 'N']);
  });

  it.each([0, 1, 2, 3, 4])(
    'gives both cards to somebody else only as far as it came (after %i)',
    async (cut) => {
      await stopping(() => desk(new Interrupted(store, cut, stop)).change(ada, ['N'], ['A']));
      for (const card of ['A', 'N']) {
        const taken = desk(store).change(bob, [card]);
        const gone = card === 'A' ? cut >= 2 : cut < 2;
        if (gone) await taken;
        else await expect(taken).rejects.toMatchObject({ code: 'CARD_TAKEN' });
      }
      await expectAgreement(store, ['A', 'B', 'N']);
    },
  );

  it.each([0, 1, 2, 3])('ends right when it only paused (%i)', async (cut) => {
    const paused = new Interrupted(store, cut, async () => {
      await desk(store)
        .change(bob, ['N'])
        .catch(() => undefined);
    });
    await desk(paused)
      .change(ada, ['N'], ['A'])
      .catch(() => undefined);
    expect(await desk(store).holder('N')).toBe(cut < 2 ? bob : ada);
    await expectAgreement(store, ['A', 'B', 'N']);
  });

  it('hands a card on from the moment of the new claim, never the history before', async () => {
    await desk(store).change(ada, [], ['A']);
    await desk(store).change(bob, ['A']);
    const token = new Cards(store, secrets).tokenOf('A');
    const facts = (await everything(store)).filter(({ key, fact }) => key === token && fact !== null);
    expect(facts.map(({ fact }) => fact!.data)).toEqual([
      { token, personId: ada },
      { token, until: expect.any(String) },
      { token, personId: bob, from: expect.any(String) },
    ]);
    const [, unlinked, linked] = facts.map(({ fact }) => fact!.data as { until?: string; from?: string });
    expect(linked!.from! >= unlinked!.until!).toBe(true);
  });

  it('may take the same card back', async () => {
    await desk(store).change(ada, [], ['A']);
    await desk(store).change(ada, ['A']);
    expect(await desk(store).holder('A')).toBe(ada);
    await expectAgreement(store, ['A', 'B']);
  });
});

describe('many registrations of one card at once', () => {
  it('have one winner', async () => {
    const adapters = memoryAdapters({});
    const store = adapters.eventStore('patron-profile', publish);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const cards = new Cards(store, secrets);
        const body = { cards: ['SAME'], givenName: `Reader ${n}`, familyName: 'R', homeBranch: 'NORTH' };
        const meta = { commandId: randomUUID(), at: '2024-06-15T08:00:00.000Z', actor: 'admin' };
        return new Registrations(store, cards, secrets).register([registrationOf(body)], days, meta);
      }),
    );
    const refused = outcomes
      .flatMap(({ outcomes }) => outcomes)
      .filter(({ outcome }) => outcome === 'refused');
    expect(refused).toHaveLength(19);
    expect(refused.every((one) => 'refusal' in one && one.refusal.code === 'CARD_TAKEN')).toBe(true);
    await expectAgreement(store, ['SAME']);
    await adapters.close();
  });
});

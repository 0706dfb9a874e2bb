import {
  decodePart,
  encodeCommit,
  EventStore,
  mustBeWhole,
  parseBody,
  partitionOf,
  publicationsOf,
  subjectsToSeal,
  subjectsToUnseal,
  Unavailable,
  UnreadableEvents,
  uuidv7,
  WakeUp,
  type AnyEvent,
  type Appended,
  type Commit,
  type CommitText,
  type Mark,
  type Marks,
  type Meta,
  type OutboxEntry,
  type Position,
  type Publication,
  type Publish,
  type StoreAccount,
  type Stored,
  type StreamPage,
} from '@readership/kernel';
import type { Database } from '../mongo.js';
import { ArrivalClock } from './arrival-clock.js';
import { CommitWriter } from './commit-writer.js';
import {
  eventCollections,
  markAt,
  type CommitDoc,
  type CommitOutline,
  type EventCollections,
} from './event-documents.js';
import { MongoDataKeys } from './mongo-data-keys.js';
import { Order, type KnownPositions } from './order.js';
import { PageReader } from './page-reader.js';

const commitsAtOnce = 100;
const pageEvents = 500;
const pageBytesMax = 8 * 1024 * 1024;
/** How long it takes at most to notice what another process appended. */
const pollMs = 1_000;
/** How long `changed` waits at most when nothing happens. */
const quietMs = 5_000;
/** How long an append waits to learn its positions. */
const marksMs = 1_000;
const placesMs = 5_000;
const accountAttempts = 5;
/** How many commits of a partition may wait for their position: ten pages. */
const waitingMaxUsual = 5_000;

export interface MongoEventStoreOptions {
  readonly partitions: number;
  /** The 32 bytes that wrap the data keys of personal parts. */
  readonly masterKey: Buffer;
  /** The most data keys that are kept in memory; 10,000 by default. */
  readonly dataKeysMax?: number;
  /** Milliseconds since 1970, for the order between waiting commits of different streams. */
  readonly now?: () => number;
  /** How many commits of a partition may wait for their position before an append rejects with `BUSY`; 5,000 by default. */
  readonly waitingMax?: number;
}

interface Decided {
  readonly commit: Commit;
  readonly publications: readonly Publication[];
}

/**
 * One context's streams in one database, made ready by `prepareEventStore`. It has a document per commit. Numbered
 * pages per partition give the commits their order afterwards.
 */
export class MongoEventStore extends EventStore {
  readonly partitions: number;
  readonly unreadable = new UnreadableEvents();
  private readonly wakeUp = new WakeUp();
  private nextLookAt = 0;
  private readonly documents: EventCollections;
  private readonly keys: MongoDataKeys;
  private readonly writer: CommitWriter;
  private readonly order: Order;
  private readonly pages: PageReader;

  constructor(
    database: Database,
    private readonly publish: Publish<any>,
    { partitions, masterKey, dataKeysMax, now, waitingMax = waitingMaxUsual }: MongoEventStoreOptions,
  ) {
    super();
    this.partitions = partitions;
    this.documents = eventCollections(database);
    this.keys = new MongoDataKeys(this.documents.keys, masterKey, dataKeysMax);
    this.writer = new CommitWriter(this.documents.commits, new ArrivalClock(now));
    this.order = new Order(this.documents, partitions, waitingMax);
    this.pages = new PageReader(this.documents, this.keys, this.unreadable);
  }

  async load(stream: string, afterVersion = 0): Promise<StreamPage> {
    const found = this.documents.commits
      .find({ stream, last: { $gt: afterVersion } })
      .sort({ last: 1 })
      .limit(commitsAtOnce + 1);
    const commits: CommitDoc[] = [];
    let count = 0;
    let bytes = 0;
    let more = false;
    for await (const commit of found) {
      more = commits.length === commitsAtOnce || count >= pageEvents || bytes >= pageBytesMax;
      if (more) break;
      commits.push(commit);
      count += commit.last - commit.first + 1;
      for (const { body } of commit.parts) bytes += body.length;
    }
    const events = (await this.decode(commits)).filter(({ version }) => version > afterVersion);
    const last = commits.at(-1);
    if (last) this.writer.remember(last);
    return { events, version: last?.last ?? afterVersion, more };
  }

  async append(
    stream: string,
    expectedVersion: number,
    events: readonly AnyEvent[],
    meta: Meta,
  ): Promise<Appended> {
    const [appended] = await this.appendEach([{ stream, expectedVersion, events, meta }]);
    return appended!;
  }

  async appendEach(commits: readonly Commit[]): Promise<readonly Appended[]> {
    const decided = commits.map((commit) => ({ commit, publications: publicationsOf(commit, this.publish) }));
    const stored = await this.order.adding(this.addedBy(decided), async () =>
      this.writer.write(await this.encode(decided)),
    );
    this.wakeUp.wake();
    const places = await this.order.placesOf(
      stored.filter((commit) => commit !== null),
      marksMs,
    );
    return stored.map((commit) =>
      commit === null
        ? { outcome: 'conflict' }
        : { outcome: 'appended', version: commit.last, marks: marksOf(commit, places) },
    );
  }

  readPage(partition: number, after: Position, limit: number): Promise<readonly Stored[]> {
    return this.upToDate(partition, limit, () => this.pages.read(partition, after, limit));
  }

  readOutbox(partition: number, after: Position, limit: number): Promise<readonly OutboxEntry[]> {
    return this.upToDate(partition, limit, () => this.pages.readOutbox(partition, after, limit));
  }

  async end(partition: number): Promise<Position> {
    await this.order.upToDate(partition);
    return this.pages.end(partition);
  }

  /** Without `through`, events without a position count as well. */
  async account(partition: number, through?: Position): Promise<StoreAccount> {
    if (through !== undefined) return this.pages.account(partition, through);
    for (let attempt = 1; attempt <= accountAttempts; attempt++) {
      const end = await this.pages.end(partition);
      await this.order.upToDate(partition);
      const pending = await this.pages.pending(partition);
      if (pending.recorded === 0) break;
      // When no page came meanwhile, all marks are made, so no pending commit is in a page.
      if ((await this.pages.end(partition)) === end) {
        return added(await this.pages.account(partition, end), pending);
      }
    }
    return this.pages.account(partition, await this.pages.end(partition));
  }

  async waiting(partition: number, after: Position): Promise<number> {
    await this.order.upToDate(partition);
    const { recorded } = await this.pages.pending(partition);
    return recorded + (await this.pages.after(partition, after));
  }

  destroyKeys(subjects: readonly string[]): Promise<void> {
    return this.keys.destroy(subjects);
  }

  /** One look at the database is for all who wait, so that a quiet store costs the same with any number of them. */
  async changed(signal: AbortSignal): Promise<void> {
    const until = performance.now() + quietMs;
    while (!(await this.wakeUp.wait(signal, pollMs))) {
      const now = performance.now();
      if (signal.aborted || now > until) return;
      if (now < this.nextLookAt) continue;
      this.nextLookAt = now + pollMs / 2;
      if (await this.order.hasNews()) this.wakeUp.wake();
    }
  }

  /** Reads, and when nothing is found reads once more after everything appended so far has its position. */
  private async upToDate<E>(
    partition: number,
    limit: number,
    read: () => Promise<readonly E[]>,
  ): Promise<readonly E[]> {
    const events = await read();
    if (events.length > 0 || limit <= 0) return events;
    await this.order.upToDate(partition);
    return read();
  }

  /** The number of commits that these add to each partition. */
  private addedBy(decided: readonly Decided[]): ReadonlyMap<number, number> {
    const added = new Map<number, number>();
    for (const { publications } of decided) {
      for (const partition of new Set(publications.map(({ key }) => partitionOf(key, this.partitions))))
        added.set(partition, (added.get(partition) ?? 0) + 1);
    }
    return added;
  }

  private async encode(decided: readonly Decided[]): Promise<readonly CommitText[]> {
    const subjects = decided.flatMap(({ commit, publications }) => subjectsToSeal(commit, publications));
    const keys = await this.keys.toSeal([...new Set(subjects)]);
    const encoding = {
      partitions: this.partitions,
      keyOf: (subject: string) => keys.get(subject)!,
      newId: uuidv7,
    };
    return decided.map(({ commit, publications }) => encodeCommit(commit, publications, encoding));
  }

  /** All events of commits of one stream, in their order. */
  private async decode(commits: readonly CommitDoc[]): Promise<Stored[]> {
    const places = await this.positionsIn(commits);
    const bodies = new Map(
      commits.flatMap(({ parts }) => parts.map((part) => [part, parseBody(part.body, part)])),
    );
    const subjects = commits.flatMap(({ stream, parts }) =>
      parts.flatMap((part) => subjectsToUnseal(bodies.get(part)!, stream)),
    );
    const opening = { keyOf: await this.keys.toOpen(subjects), unreadable: this.unreadable };
    const events: Stored[] = [];
    for (const { _id, stream, recordedAt, command: commandId, actor, parts } of commits) {
      for (const part of parts) {
        const { partition } = part;
        const position = places.get(_id)?.get(partition);
        if (position === undefined) throw new Unavailable('BUSY', 'an event has no place yet');
        const place = { stream, partition, position, recordedAt, commandId, actor };
        decodePart(place, bodies.get(part)!, opening, events);
      }
    }
    mustBeWhole(events);
    return events.sort((a, b) => a.version - b.version);
  }

  /** Positions as the commits store them. Waits for positions that are not stored yet. */
  private async positionsIn(commits: readonly CommitDoc[]): Promise<KnownPositions> {
    const places = new Map<string, ReadonlyMap<number, Position>>();
    const waiting: CommitDoc[] = [];
    for (const commit of commits) {
      const { _id, positions, parts } = commit;
      const known = parts.flatMap(({ partition }) => {
        const position = positions[partition];
        return position === undefined ? [] : [[partition, position] as const];
      });
      if (known.length < parts.length) waiting.push(commit);
      else places.set(_id, new Map(known));
    }
    if (waiting.length > 0) {
      for (const [id, place] of await this.order.placesOf(waiting, placesMs)) places.set(id, place);
    }
    return places;
  }
}

function marksOf({ _id, parts }: CommitOutline, places: KnownPositions): Marks {
  const marks: Record<number, Mark> = {};
  for (const part of parts) {
    const position = places.get(_id)?.get(part.partition);
    if (position === undefined) return null;
    marks[part.partition] = markAt(position, part);
  }
  return marks;
}

function added(a: StoreAccount, b: StoreAccount): StoreAccount {
  return {
    recorded: a.recorded + b.recorded,
    facts: a.facts + b.facts,
    privateOnly: a.privateOnly + b.privateOnly,
  };
}

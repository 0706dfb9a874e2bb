import type { Position } from '@readership/kernel';
import { isDuplicate } from '../mongo.js';
import { chunks } from '../chunks.js';
import { randomPause } from '../random-pause.js';
import {
  pageId,
  placed,
  type CommitDoc,
  type CommitOutline,
  type EntryDoc,
  type EventCollections,
  type PageDoc,
  type PartDoc,
} from './event-documents.js';
import type { PartitionBacklog } from './backlog.js';
import { SingleFlight } from './single-flight.js';
import { WaitingCommits } from './waiting-commits.js';

const pageEventsMax = 500;
/** The most commits of one query: one more than a page can hold. */
const windowCommits = pageEventsMax + 1;
const pageBytesMax = 8 * 1024 * 1024;
const marksAtOnce = 100;
const turnsPerPass = 16;
const pauseMaxMs = 20;

/** Position of the first event in the partition, by commit. */
export type PagePositions = ReadonlyMap<string, Position>;

/** The last page of a partition, whose marks are all made. */
interface Head {
  readonly no: number;
  /** The commits of the page. */
  readonly commits: ReadonlySet<string>;
}

interface Gathered {
  readonly entries: readonly EntryDoc[];
  /** True when more commits are known to wait. */
  readonly more: boolean;
}

/**
 * Gives one partition its order by gathering commits into numbered pages. Any number of processes may do so at once,
 * and any of them may stop at any point: the unique id of a page lets one of them win, and the others discard what they
 * gathered.
 *
 * - Before a page is inserted all marks of the page before are made, so only the last page may hold commits that are
 *   still `pending`.
 * - What is gathered was pending after that, so it is in no page up to that one. When another page came meanwhile, the
 *   insert fails.
 * - A commit is gathered only after its stream's commit before (`after`), so no page shows the later one first.
 */
export class Sequencer {
  private head: Head = { no: 0, commits: new Set() };
  private readonly passes = new SingleFlight(() => this.pass());

  private readonly waiting: WaitingCommits;

  constructor(
    private readonly documents: Pick<EventCollections, 'commits' | 'pages'>,
    private readonly partition: number,
    private readonly backlog: PartitionBacklog,
  ) {
    this.waiting = new WaitingCommits(documents.commits, partition);
  }

  /**
   * Moves the commits that were pending at this call into pages, as far as one pass goes. Resolves to the positions
   * that it gave or found.
   */
  run(): Promise<PagePositions> {
    return this.passes.run();
  }

  private async pass(): Promise<PagePositions> {
    const places = new Map<string, Position>();
    let lost = 0;
    for (let turn = 0; turn < turnsPerPass; turn++) {
      const stored = this.backlog.stored;
      const head = await this.settledHead(places);
      const { entries, more } = await this.gather(head);
      const won = entries.length > 0 && (await this.insert(head.no + 1, entries, places));
      if (!more && (won || entries.length === 0)) {
        this.backlog.drained(stored);
        break;
      }
      // Other processes are at work. Pauses, so that not all of them gather the same again.
      if (!won) await randomPause(pauseMaxMs * ++lost);
    }
    return places;
  }

  private async settledHead(places: Map<string, Position>): Promise<Head> {
    const { pages } = this.documents;
    const { no } = this.head;
    const next = { _id: pageId(this.partition, no + 1) };
    if (no > 0 && (await pages.findOne(next, { projection: { _id: 1 } })) === null) return this.head;
    const page = await pages.findOne({ partition: this.partition }, { sort: { no: -1 } });
    if (page && page.no > no) await this.mark(page, places);
    return this.head;
  }

  /**
   * Whole commits in the order in which they arrived, but none before its stream's earlier ones. Some of those that
   * have waited longest may follow commits that are not among them, because another writer's clock is ahead. Those are
   * looked up by stream, so that a page can be made whatever the clocks say.
   */
  private async gather(head: Head): Promise<Gathered> {
    const found = await this.waiting.longest(windowCommits);
    const window = found.filter(({ _id }) => !head.commits.has(_id));
    let known: readonly CommitOutline[] = window;
    let ready = await this.ready(window, known);
    if (ready.length < window.length) {
      const chosen = new Set(ready);
      const held = window.filter((commit) => !chosen.has(commit));
      known = await this.withEarlierOf(held, window);
      ready = await this.ready(window, known);
    }
    const entries = await this.entriesOf(sized(ready, this.waiting));
    return { entries, more: found.length === windowCommits || entries.length < known.length };
  }

  private async withEarlierOf(
    held: readonly CommitOutline[],
    window: readonly CommitOutline[],
  ): Promise<readonly CommitOutline[]> {
    const streams = [...new Set(held.map(({ stream }) => stream))];
    const known = new Map(window.map((commit) => [commit._id, commit]));
    for (const commit of await this.waiting.earliestOf(streams, windowCommits)) known.set(commit._id, commit);
    return [...known.values()];
  }

  /**
   * The queue, with each commit after the earlier ones of its stream, which are taken from `known`. A commit is left
   * out when it follows one that has no position and is not known.
   */
  private async ready(
    queue: readonly CommitOutline[],
    known: readonly CommitOutline[],
  ): Promise<readonly CommitOutline[]> {
    const ids = new Set(known.map(({ _id }) => _id));
    const before = known.flatMap((commit) => this.waiting.before(commit) ?? []);
    const others = await this.waiting.asTheyAre(
      before.filter((id) => !ids.has(id)),
      { pending: 1 },
    );
    const streams = new Map<string, CommitOutline[]>(known.map(({ stream }) => [stream, []]));
    for (const commit of [...known].sort((a, b) => a.no - b.no)) streams.get(commit.stream)!.push(commit);
    const ready: CommitOutline[] = [];
    const taken = new Set<string>();
    for (const { stream, no } of queue) {
      const rest = streams.get(stream)!;
      while (rest.length > 0 && rest[0]!.no <= no) {
        const commit = rest.shift()!;
        const id = this.waiting.before(commit);
        if (id !== null && !taken.has(id) && !this.isPlaced(others.get(id))) continue;
        taken.add(commit._id);
        ready.push(commit);
      }
    }
    return ready;
  }

  /** Of these commits, in their order, the entries that still have no position now. */
  private async entriesOf(chosen: readonly CommitOutline[]): Promise<readonly EntryDoc[]> {
    const commits = await this.waiting.asTheyAre(chosen.map(({ _id }) => _id));
    const missing = new Set<string>();
    const entries: EntryDoc[] = [];
    for (const { _id } of chosen) {
      const commit = commits.get(_id);
      const before = commit && this.waiting.before(commit);
      if (!commit || missing.has(before!)) missing.add(_id);
      else if (!this.isPlaced(commit)) entries.push(entryOf(commit, this.waiting.partOf(commit)));
    }
    return entries;
  }

  private isPlaced(commit: CommitDoc | undefined): boolean {
    return commit?.pending.includes(this.partition) === false;
  }

  /** Resolves to false when the page's number was taken. */
  private async insert(
    no: number,
    entries: readonly EntryDoc[],
    places: Map<string, Position>,
  ): Promise<boolean> {
    const page: PageDoc = {
      _id: pageId(this.partition, no),
      partition: this.partition,
      no,
      count: sum(entries.map(({ count }) => count)),
      facts: sum(entries.map(({ facts }) => facts)),
      entries,
    };
    try {
      await this.documents.pages.insertOne(page);
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
    await this.mark(page, places);
    return true;
  }

  /** Stores in each commit of a page its position. It may be repeated. The next page may be built once a page is marked. */
  private async mark(page: PageDoc, places: Map<string, Position>): Promise<void> {
    const marks = [...placed(page)].map(([{ commit }, position]) => {
      places.set(commit, position);
      const update = {
        $pull: { pending: this.partition },
        $set: { [`positions.${this.partition}`]: position },
      };
      return { updateOne: { filter: { _id: commit }, update } };
    });
    for (const some of chunks(marks, marksAtOnce)) {
      const { matchedCount } = await this.documents.commits.bulkWrite([...some], { ordered: false });
      if (matchedCount !== some.length) throw new Error(`page ${page._id} holds commits that are not there`);
    }
    this.head = { no: page.no, commits: new Set(page.entries.map(({ commit }) => commit)) };
  }
}

/** As many commits as make a page, by their sizes alone. */
function sized(commits: readonly CommitOutline[], waiting: WaitingCommits): readonly CommitOutline[] {
  let events = 0;
  let bytes = 0;
  const over = commits.findIndex((commit, at) => {
    events += waiting.partOf(commit).count;
    for (const part of commit.parts) bytes += part.bytes;
    return at > 0 && (events > pageEventsMax || bytes > pageBytesMax);
  });
  return over < 0 ? commits : commits.slice(0, over);
}

function entryOf({ _id, stream, command, recordedAt, actor }: CommitDoc, part: PartDoc): EntryDoc {
  const { count, facts, body } = part;
  return { commit: _id, stream, count, facts, command, recordedAt, actor, body };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

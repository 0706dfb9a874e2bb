import type { Position } from '@readership/kernel';
import { isDuplicate } from '../mongo.js';
import { chunks, shortPause } from './chunks.js';
import {
  commitId,
  pageId,
  placed,
  type CommitDoc,
  type EntryDoc,
  type EventCollections,
  type PageDoc,
  type PartDoc,
} from './event-documents.js';
import { NextRun } from './next-run.js';

const pageEventsMax = 500;
const pageBytesMax = 8 * 1024 * 1024;
const marksAtOnce = 100;
const turnsPerPass = 16;
const pauseMaxMs = 20;

/** By commit, where its first event of the partition stands. */
export type Places = ReadonlyMap<string, Position>;

/** The last page of a partition, whose marks are all made. */
interface Head {
  readonly no: number;
  /** The commits that it holds. */
  readonly commits: ReadonlySet<string>;
}

interface Gathered {
  readonly entries: readonly EntryDoc[];
  /** Whether more is known to wait. */
  readonly more: boolean;
}

interface Candidate {
  readonly commit: CommitDoc;
  readonly part: PartDoc;
}

/**
 * Gives one partition its order: gathers commits into numbered pages. Any number of processes may do so at once, and any
 * of them may stop anywhere: the unique id of a page lets one of them win, and the others discard what they gathered.
 *
 * - Before a page is inserted all marks of the page before are made, so only the last page may hold commits that are
 *   still `pending`.
 * - What is gathered was pending after that, so it stands in no page up to that one; when another page came meanwhile,
 *   the insert fails.
 * - A commit is gathered only behind its stream's commit before (`after`), so no page shows one before the other.
 */
export class Sequencer {
  private head: Head = { no: 0, commits: new Set() };
  private readonly passes = new NextRun(() => this.pass());

  constructor(
    private readonly documents: Pick<EventCollections, 'commits' | 'pages'>,
    private readonly partition: number,
  ) {}

  /**
   * Takes what was pending when this was called into pages, as far as a pass goes. Resolves to the places that it gave
   * or met on its way.
   */
  run(): Promise<Places> {
    return this.passes.run();
  }

  private async pass(): Promise<Places> {
    const places = new Map<string, Position>();
    let lost = 0;
    for (let turn = 0; turn < turnsPerPass; turn++) {
      const head = await this.settledHead(places);
      const { entries, more } = await this.gather(head);
      if (entries.length === 0 && !more) break;
      const won = entries.length > 0 && (await this.insert(head.no + 1, entries, places));
      if (won && !more) break;
      // Others are at it: let them, so that not everybody gathers the same again.
      if (!won) await shortPause(pauseMaxMs * ++lost);
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

  /** Whole commits in the order in which they arrived, but none before its stream's earlier ones. */
  private async gather(head: Head): Promise<Gathered> {
    const candidates: Candidate[] = [];
    let events = 0;
    let bytes = 0;
    let more = false;
    const pending = this.documents.commits
      .find({ pending: this.partition }, { batchSize: pageEventsMax })
      .sort({ queuedAt: 1 })
      .limit(pageEventsMax + 1);
    for await (const commit of pending) {
      const part = commit.parts.find(({ partition }) => partition === this.partition)!;
      const size = Buffer.byteLength(part.body);
      more = events > 0 && (events + part.count > pageEventsMax || bytes + size > pageBytesMax);
      if (more) break;
      candidates.push({ commit, part });
      events += part.count;
      bytes += size;
    }
    const waiting = await this.stillPending(candidates);
    const gathered = new Set<string>();
    const entries: EntryDoc[] = [];
    for (const { commit, part } of candidates) {
      if (head.commits.has(commit._id) || waiting.get(commit._id) !== true) continue;
      if (part.after > 0) {
        const before = commitId(commit.stream, part.after);
        if (!gathered.has(before) && waiting.get(before) !== false) continue;
      }
      gathered.add(commit._id);
      entries.push(entryOf(commit, part));
    }
    return { entries, more: more || entries.length < candidates.length };
  }

  /**
   * Whether the candidates, and the commits that have to stand before them, are pending. A look of its own, because
   * the gathering is no snapshot: it may miss a commit that arrives behind it and meet the one after. And read as the
   * primary has it now, because a new primary's majority may for a moment be from before the last marks.
   */
  private async stillPending(candidates: readonly Candidate[]): Promise<ReadonlyMap<string, boolean>> {
    const ids = new Set<string>();
    for (const { commit, part } of candidates) {
      ids.add(commit._id);
      if (part.after > 0) ids.add(commitId(commit.stream, part.after));
    }
    const waiting = new Map<string, boolean>();
    const now = { projection: { pending: 1 }, readConcern: 'local' } as const;
    for (const some of chunks([...ids], pageEventsMax)) {
      const found = this.documents.commits.find({ _id: { $in: [...some] } }, now);
      for await (const { _id, pending } of found) waiting.set(_id, pending.includes(this.partition));
    }
    return waiting;
  }

  /** Whether the page was free. */
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

  /** Tells each commit of a page where it stands. Again is no harm, and a page that is marked may be built upon. */
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

function entryOf({ _id, stream, command, recordedAt, actor }: CommitDoc, part: PartDoc): EntryDoc {
  const { count, facts, body } = part;
  return { commit: _id, stream, count, facts, command, recordedAt, actor, body };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

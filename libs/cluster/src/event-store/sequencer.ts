import type { Position } from '@readership/kernel';
import { isDuplicate } from '../mongo.js';
import { chunks, shortPause } from '../chunks.js';
import {
  commitId,
  outline,
  pageId,
  placed,
  type CommitDoc,
  type CommitOutline,
  type EntryDoc,
  type EventCollections,
  type PageDoc,
  type PartDoc,
} from './event-documents.js';
import { SingleFlight } from './single-flight.js';

const pageEventsMax = 500;
const pageBytesMax = 8 * 1024 * 1024;
const marksAtOnce = 100;
const turnsPerPass = 16;
const pauseMaxMs = 20;

/** By commit, where its first event of the partition stands. */
export type PagePositions = ReadonlyMap<string, Position>;

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
  private readonly passes = new SingleFlight(() => this.pass());

  constructor(
    private readonly documents: Pick<EventCollections, 'commits' | 'pages'>,
    private readonly partition: number,
  ) {}

  /**
   * Takes what was pending when this was called into pages, as far as a pass goes. Resolves to the places that it gave
   * or met on its way.
   */
  run(): Promise<PagePositions> {
    return this.passes.run();
  }

  private async pass(): Promise<PagePositions> {
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
    const { chosen, more } = await this.choose(head);
    const [commits, earlier] = await Promise.all([
      this.asTheyAre(chosen.map(({ _id }) => _id)),
      this.asTheyAre(
        chosen.flatMap((commit) => this.before(commit) ?? []),
        { pending: 1 },
      ),
    ]);
    const waits = (commit: CommitDoc | undefined) => commit?.pending.includes(this.partition);
    const gathered = new Set<string>();
    const entries: EntryDoc[] = [];
    for (const candidate of chosen) {
      const commit = commits.get(candidate._id);
      if (!commit || !waits(commit)) continue;
      const before = this.before(candidate);
      if (before !== null && !gathered.has(before) && waits(earlier.get(before)) !== false) continue;
      gathered.add(commit._id);
      entries.push(entryOf(commit, this.partOf(commit)));
    }
    return { entries, more: more || entries.length < chosen.length };
  }

  /** What would make the next page, by their sizes alone. */
  private async choose(head: Head): Promise<{ chosen: readonly CommitOutline[]; more: boolean }> {
    const chosen: CommitOutline[] = [];
    let events = 0;
    let bytes = 0;
    const waiting = this.documents.commits
      .find({ pending: this.partition }, { projection: outline, batchSize: pageEventsMax + 1 })
      .sort({ queuedAt: 1 })
      .limit(pageEventsMax + 1);
    for await (const commit of waiting) {
      if (head.commits.has(commit._id)) continue;
      events += this.partOf(commit).count;
      for (const part of commit.parts) bytes += part.bytes;
      if (chosen.length > 0 && (events > pageEventsMax || bytes > pageBytesMax))
        return { chosen, more: true };
      chosen.push(commit);
    }
    return { chosen, more: false };
  }

  /**
   * The commits as they are now. A look of its own, because the one that chose is no snapshot: it may miss a commit that
   * arrives behind it and meet the one after. And as the primary has them, because what a new primary knows of its
   * majority may for a moment be from before the last marks.
   */
  private async asTheyAre(
    ids: readonly string[],
    projection: Readonly<Record<string, number>> = {},
  ): Promise<ReadonlyMap<string, CommitDoc>> {
    const commits = new Map<string, CommitDoc>();
    if (ids.length === 0) return commits;
    const now = { projection, readConcern: 'local' } as const;
    const found = this.documents.commits.find({ _id: { $in: [...ids] } }, now);
    for await (const commit of found) commits.set(commit._id, commit);
    return commits;
  }

  private partOf<P extends { readonly partition: number }>({ parts }: { readonly parts: readonly P[] }): P {
    return parts.find(({ partition }) => partition === this.partition)!;
  }

  /** The commit that has to stand before this one, if any. */
  private before(commit: CommitOutline): string | null {
    const { after } = this.partOf(commit);
    return after === 0 ? null : commitId(commit.stream, after);
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

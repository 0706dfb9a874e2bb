import {
  decodeOutbox,
  decodePart,
  parseBody,
  subjectsToUnseal,
  type OutboxEntry,
  type PartBody,
  type PartPlace,
  type Position,
  type Stored,
  type StoreAccount,
  type UnreadableEvents,
} from '@readership/kernel';
import {
  pageId,
  placed,
  positionSpan,
  type EntryDoc,
  type EventCollections,
  type PageDoc,
} from './event-documents.js';
import type { MongoDataKeys } from './mongo-data-keys.js';

const pagesAtOnceMax = 32;
const bytesMax = 8 * 1024 * 1024;

interface Sums {
  readonly count: number;
  readonly facts: number;
}

/** A part of a page, parsed. */
type Read = readonly [place: PartPlace, body: PartBody];

/** Reads the order of partitions from its pages, which never change. */
export class PageReader {
  constructor(
    private readonly documents: Pick<EventCollections, 'commits' | 'pages'>,
    private readonly keys: MongoDataKeys,
    private readonly unreadable: UnreadableEvents,
  ) {}

  /** Events after a position, at most `limit`. Fewer at the end, or when they are long, but only up to the end of a page. */
  read(partition: number, after: Position, limit: number): Promise<readonly Stored[]> {
    return this.readBy<Stored>(partition, after, limit, (parts) => this.decode(parts));
  }

  /** The same events as a relay needs them. */
  readOutbox(partition: number, after: Position, limit: number): Promise<readonly OutboxEntry[]> {
    return this.readBy<OutboxEntry>(partition, after, limit, async (parts) => this.decodeOutbox(parts));
  }

  private async readBy<E extends OutboxEntry>(
    partition: number,
    after: Position,
    limit: number,
    decode: (parts: readonly Read[]) => Promise<readonly E[]>,
  ): Promise<readonly E[]> {
    const events: E[] = [];
    let bytes = 0;
    let next = Math.max(1, Math.floor(after / positionSpan));
    // Twice as many pages each time, because pages may be full or hold an event each.
    for (let count = 2; ; count = Math.min(2 * count, pagesAtOnceMax)) {
      const ids = Array.from({ length: count }, (_, i) => pageId(partition, next + i));
      const until = next + count;
      for await (const page of this.documents.pages.find({ _id: { $in: ids } }).sort({ _id: 1 })) {
        // A page that was inserted while this was read may appear without the page before it.
        if (page.no !== next) return events;
        const left = limit - events.length;
        const ofPage = await decode(chosen(page, after, left));
        events.push(...ofPage.filter(({ position }) => position > after).slice(0, left));
        for (const { body } of page.entries) bytes += body.length;
        next++;
        if (events.length >= limit || (events.length > 0 && bytes >= bytesMax)) return events;
      }
      if (next < until) return events;
    }
  }

  async end(partition: number): Promise<Position> {
    const page = await this.documents.pages.findOne(
      { partition },
      { sort: { no: -1 }, projection: { _id: 0, no: 1, count: 1 } },
    );
    return page ? page.no * positionSpan + page.count - 1 : 0;
  }

  async account(partition: number, through: Position): Promise<StoreAccount> {
    const cut = Math.floor(through / positionSpan);
    const below = { partition, no: { $lt: cut } };
    const [sum] = await this.documents.pages
      .aggregate<Sums>([
        { $match: below },
        { $group: { _id: null, count: { $sum: '$count' }, facts: { $sum: '$facts' } } },
      ])
      .toArray();
    let recorded = sum?.count ?? 0;
    let facts = sum?.facts ?? 0;
    const page = await this.documents.pages.findOne(
      { _id: pageId(partition, cut) },
      { projection: { 'entries.body': 0 } },
    );
    for (const [entry, position] of page ? placed(page) : []) {
      if (position > through) break;
      const counted = Math.min(entry.count, through - position + 1);
      recorded += counted;
      facts += counted === entry.count ? entry.facts : await this.factsOf(entry, partition, counted);
    }
    return { recorded, facts, privateOnly: recorded - facts };
  }

  /** The number of events after a position. */
  async after(partition: number, position: Position): Promise<number> {
    const cut = Math.floor(position / positionSpan);
    const [sum] = await this.documents.pages
      .aggregate<Pick<Sums, 'count'>>([
        { $match: { partition, no: { $gt: cut } } },
        { $group: { _id: null, count: { $sum: '$count' } } },
      ])
      .toArray();
    const page = await this.documents.pages.findOne(
      { partition, no: cut },
      { projection: { _id: 0, count: 1 } },
    );
    return (sum?.count ?? 0) + (page ? Math.max(0, page.count - (position % positionSpan) - 1) : 0);
  }

  /** Counts of the events that have no position yet. */
  async pending(partition: number): Promise<StoreAccount> {
    const [sum] = await this.documents.commits
      .aggregate<Sums>([
        { $match: { pending: partition } },
        { $unwind: '$parts' },
        { $project: { 'parts.partition': 1, 'parts.count': 1, 'parts.facts': 1 } },
        { $match: { 'parts.partition': partition } },
        { $group: { _id: null, count: { $sum: '$parts.count' }, facts: { $sum: '$parts.facts' } } },
      ])
      .toArray();
    const { count, facts } = sum ?? { count: 0, facts: 0 };
    return { recorded: count, facts, privateOnly: count - facts };
  }

  /** How many of the first events of a commit in a partition publish a fact, for a position in the middle of the commit. */
  private async factsOf(
    { commit, stream, recordedAt, command: commandId, actor }: EntryDoc,
    partition: number,
    count: number,
  ): Promise<number> {
    const stored = await this.documents.commits.findOne({ _id: commit });
    const part = stored?.parts.find((one) => one.partition === partition);
    if (!part) throw new Error(`a page holds commit ${commit}, which is not there`);
    const place = { stream, partition, position: 0, recordedAt, commandId, actor };
    const entries = this.decodeOutbox([[place, parseBody(part.body, part)]]);
    return entries.slice(0, count).filter(({ fact }) => fact !== null).length;
  }

  private async decode(parts: readonly Read[]): Promise<readonly Stored[]> {
    const subjects = parts.flatMap(([{ stream }, body]) => subjectsToUnseal(body, stream));
    const opening = { keyOf: await this.keys.toOpen(subjects), unreadable: this.unreadable };
    const events: Stored[] = [];
    for (const [place, body] of parts) decodePart(place, body, opening, events);
    return events;
  }

  private decodeOutbox(parts: readonly Read[]): readonly OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    for (const [place, body] of parts) decodeOutbox(place, body, this.unreadable, entries);
    return entries;
  }
}

/** The parts of a page that hold the events after a position, at most `limit`. */
function chosen(page: PageDoc, after: Position, limit: number): readonly Read[] {
  const parts: Read[] = [];
  let count = 0;
  for (const [entry, position] of placed(page)) {
    if (count >= limit) break;
    const end = position + entry.count;
    if (end <= after + 1) continue;
    const { stream, recordedAt, command: commandId, actor, body } = entry;
    const { partition } = page;
    parts.push([{ stream, partition, position, recordedAt, commandId, actor }, parseBody(body, entry)]);
    count += end - Math.max(position, after + 1);
  }
  return parts;
}

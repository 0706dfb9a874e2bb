import {
  decodePart,
  parseBody,
  subjectsToUnseal,
  type PartBody,
  type Position,
  type Stored,
  type StoreAccount,
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

/** Reads the order of partitions from its pages, which never change. */
export class PageReader {
  constructor(
    private readonly documents: Pick<EventCollections, 'commits' | 'pages'>,
    private readonly keys: MongoDataKeys,
  ) {}

  /** Events after a position, at most `limit`: fewer at the end, or when they are long, and then only at a page's end. */
  async read(partition: number, after: Position, limit: number): Promise<readonly Stored[]> {
    const events: Stored[] = [];
    let bytes = 0;
    let next = Math.max(1, Math.floor(after / positionSpan));
    // Twice as many each time: pages may be full, or hold an event each.
    for (let count = 2; ; count = Math.min(2 * count, pagesAtOnceMax)) {
      const ids = Array.from({ length: count }, (_, i) => pageId(partition, next + i));
      const until = next + count;
      for await (const page of this.documents.pages.find({ _id: { $in: ids } }).sort({ _id: 1 })) {
        // One that was inserted while this was read can be met without the one before it.
        if (page.no !== next) return events;
        events.push(...(await this.decode(page, after, limit - events.length)));
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

  /** How many events stand after a position. */
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

  /** What waits for a place. */
  async pending(partition: number): Promise<StoreAccount> {
    const [sum] = await this.documents.commits
      .aggregate<Sums>([
        { $match: { pending: partition } },
        { $project: { 'parts.partition': 1, 'parts.count': 1, 'parts.facts': 1 } },
        { $unwind: '$parts' },
        { $match: { 'parts.partition': partition } },
        { $group: { _id: null, count: { $sum: '$parts.count' }, facts: { $sum: '$parts.facts' } } },
      ])
      .toArray();
    const { count, facts } = sum ?? { count: 0, facts: 0 };
    return { recorded: count, facts, privateOnly: count - facts };
  }

  /** How many of the first events of a commit in a partition publish a fact, for a position in the middle of it. */
  private async factsOf(
    { commit, stream, recordedAt, command: commandId, actor }: EntryDoc,
    partition: number,
    count: number,
  ): Promise<number> {
    const stored = await this.documents.commits.findOne({ _id: commit });
    const part = stored?.parts.find((one) => one.partition === partition);
    if (!part) throw new Error(`a page holds commit ${commit}, which is not there`);
    const place = { stream, partition, position: 0, recordedAt, commandId, actor };
    const events: Stored[] = [];
    decodePart(place, parseBody(part.body), () => null, events);
    return events.slice(0, count).filter(({ fact }) => fact !== null).length;
  }

  /** Of a page, the events after a position, at most `limit`. */
  private async decode(page: PageDoc, after: Position, limit: number): Promise<readonly Stored[]> {
    const chosen: { entry: EntryDoc; position: Position; body: PartBody }[] = [];
    const subjects = new Set<string>();
    let count = 0;
    for (const [entry, position] of placed(page)) {
      if (count >= limit) break;
      const end = position + entry.count;
      if (end <= after + 1) continue;
      const body = parseBody(entry.body);
      for (const subject of subjectsToUnseal(body, entry.stream)) subjects.add(subject);
      chosen.push({ entry, position, body });
      count += end - Math.max(position, after + 1);
    }
    const keys = await this.keys.toOpen(subjects);
    const keyOf = (subject: string) => keys.get(subject) ?? null;
    return chosen
      .flatMap(({ entry, position, body }) => eventsOf(page, entry, position, body, keyOf))
      .filter((event) => event.position > after)
      .slice(0, limit);
  }
}

function eventsOf(
  { partition }: PageDoc,
  { stream, recordedAt, command: commandId, actor }: EntryDoc,
  position: Position,
  body: PartBody,
  keyOf: (subject: string) => Buffer | null,
): readonly Stored[] {
  const events: Stored[] = [];
  decodePart({ stream, partition, position, recordedAt, commandId, actor }, body, keyOf, events);
  return events;
}

import type { EventStore, OutboxEntry, Position, Stored } from '@readership/kernel';

/** The most events that one answer looks at; what is left is for the next page. */
const lookedMax = 20_000;
const pageEvents = 500;
/** The search for the first position ends when so few are left that reading them costs less than another look. */
const nearEnough = 1024;
/** How much earlier or later than its neighbours an event may say that it was recorded: clocks of replicas differ. */
const skewMs = 600_000;

/** How far a scan has come: by partition, the last position that it has looked at. */
export interface ScanPlace {
  readonly from: string;
  readonly to: string;
  readonly at: readonly Position[];
}

export interface ActorScan {
  readonly actor: string;
  /** The type of the events; any type by default. */
  readonly kind?: string | undefined;
  readonly limit: number;
  readonly lookedMax?: number;
}

/** Where a scan of the events between two times begins. It costs a few looks at each partition. */
export async function beginningOf(store: EventStore, from: string, to: string): Promise<ScanPlace> {
  const partitions = Array.from({ length: store.partitions }, (_, partition) => partition);
  const earliest = shifted(from, -skewMs);
  return { from, to, at: await Promise.all(partitions.map((one) => lastBefore(store, one, earliest))) };
}

/**
 * The events that somebody recorded between two times, from a place on, the oldest first. A page may have fewer events
 * than its limit, or none, and still lead on: `next` is `null` when everything was looked at. The context keeps nothing
 * for this; its own pages are read.
 */
export async function actsOfActor(
  store: EventStore,
  { actor, kind, limit, lookedMax: most = lookedMax }: ActorScan,
  place: ScanPlace,
): Promise<{ readonly events: readonly Stored[]; readonly next: ScanPlace | null }> {
  const { from, to } = place;
  const isSought = (entry: OutboxEntry): boolean =>
    entry.actor === actor && entry.recordedAt >= from && entry.recordedAt <= to;
  const latest = shifted(to, skewMs);
  const scans = place.at.map((at, partition) => new PartitionScan(store, partition, at, latest, isSought));
  const events: Stored[] = [];
  for (let looked = 0; looked < most && events.length < limit; looked++) {
    let first: PartitionScan | null = null;
    for (const scan of scans) {
      if (scan.needsMore) await scan.readOn();
      const { head } = scan;
      if (head !== null && (first === null || isEarlier(head, first.head!))) first = scan;
    }
    if (first === null) return { events, next: null };
    const entry = first.take();
    if (isSought(entry) && 'type' in entry && (kind === undefined || entry.type === kind)) events.push(entry);
  }
  return { events, next: { from, to, at: scans.map(({ at }) => at) } };
}

/** Reads one partition. Only a page on which something is sought is read with its content. */
class PartitionScan {
  private page: readonly (OutboxEntry | Stored)[] = [];
  private index = 0;
  private isOver = false;

  constructor(
    private readonly store: EventStore,
    private readonly partition: number,
    public at: Position,
    private readonly latest: string,
    private readonly isSought: (entry: OutboxEntry) => boolean,
  ) {}

  get needsMore(): boolean {
    return this.index === this.page.length && !this.isOver;
  }

  /** The next event; `null` when there is none any more. */
  get head(): OutboxEntry | Stored | null {
    return this.page[this.index] ?? null;
  }

  async readOn(): Promise<void> {
    const entries = await this.store.readOutbox(this.partition, this.at, pageEvents);
    const page = entries.some(this.isSought)
      ? await this.store.readPage(this.partition, this.at, pageEvents)
      : entries;
    const end = page.findIndex(({ recordedAt }) => recordedAt > this.latest);
    this.isOver = page.length === 0 || end >= 0;
    this.page = end < 0 ? page : page.slice(0, end);
    this.index = 0;
  }

  take(): OutboxEntry | Stored {
    const entry = this.page[this.index++]!;
    this.at = entry.position;
    return entry;
  }
}

function isEarlier(one: OutboxEntry, other: OutboxEntry): boolean {
  return one.recordedAt < other.recordedAt || (one.recordedAt === other.recordedAt && one.id < other.id);
}

/** A position before which every event was recorded before this time, found by halving. */
async function lastBefore(store: EventStore, partition: number, time: string): Promise<Position> {
  let low: Position = 0;
  let high = await store.end(partition);
  while (high - low > nearEnough) {
    const middle = low + Math.floor((high - low) / 2);
    const [entry] = await store.readOutbox(partition, middle, 1);
    if (entry !== undefined && entry.recordedAt < time) low = entry.position;
    else high = middle;
  }
  return low;
}

function shifted(time: string, ms: number): string {
  return new Date(Date.parse(time) + ms).toISOString();
}

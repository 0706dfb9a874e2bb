import type { EventLog, LogConsumer, LogRecord } from '../ports/event-log.js';
import type { EventStore } from '../ports/event-store.js';
import type { Position, Stored } from '../event.js';
import type { Keyed } from './projection.js';
import { Gap, OtherLog, Stale, type Delivered, type Passing, type Taker } from './delivery.js';

/**
 * Runners and reactions of one context that read the same source, one after the other: a reaction stands after the
 * projections it reads. Each keeps its own checkpoint, so a batch that was cut short is finished by taking it again.
 */
export class Pipeline<R extends Delivered, E extends Keyed> {
  constructor(
    readonly takers: readonly Taker<R, E>[],
    private readonly decode: (record: R) => E,
  ) {}

  /** The offset up to which every one of them has come. */
  async start(partition: number): Promise<number> {
    const checkpoints = await Promise.all(this.takers.map((taker) => taker.checkpoint(partition)));
    return Math.min(...checkpoints.map(({ offset }) => offset));
  }

  async take(partition: number, records: readonly R[]): Promise<void> {
    const decoded = new Map<R, E>();
    const decodeOnce = (record: R): E => {
      let event = decoded.get(record);
      if (event === undefined) {
        event = this.decode(record);
        decoded.set(record, event);
      }
      return event;
    };
    for (const taker of this.takers) await taker.take(partition, records, decodeOnce);
  }

  /** Every one of them begins at the log's first record once more; see `Taker`. */
  async reread(partition: number, passing?: Passing): Promise<void> {
    for (const taker of this.takers) await taker.reread(partition, passing);
  }

  /** Whether none of them has taken anything beyond these positions. */
  async within(partition: number, reach: Readonly<Record<string, Position>>): Promise<boolean> {
    const checkpoints = await Promise.all(this.takers.map((taker) => taker.checkpoint(partition)));
    return checkpoints.every(({ lanes }) =>
      Object.entries(lanes).every(([context, position]) => position <= (reach[context] ?? 0)),
    );
  }
}

/**
 * A pipeline as a group of the published log. It meets a gap, or a log that was restored, by halting until the log holds
 * all that is missing, and goes on by itself then: from the first record, dropping what it has seen.
 */
export function logConsumer<E extends Keyed>(
  group: string,
  window: number,
  pipeline: Pipeline<LogRecord, E>,
  log: Pick<EventLog, 'reach' | 'ends'>,
): LogConsumer {
  const cut = async (partition: number): Promise<boolean> => {
    if (!(await pipeline.within(partition, await log.reach(partition)))) return false;
    await pipeline.reread(partition);
    return true;
  };
  const mended = async (partition: number, { context, seen, curable }: Gap): Promise<boolean> => {
    if (!curable) return false;
    const reach = await log.reach(partition);
    if ((reach[context] ?? 0) <= seen) return false;
    const until = (await log.ends())[partition] ?? 0;
    await pipeline.reread(partition, { context, reach, until });
    return true;
  };
  return {
    group,
    window,
    // With the last record that was taken, to see that it is still the same.
    start: async (partition) => Math.max(0, (await pipeline.start(partition)) - 1),
    take: async (partition, records) => {
      try {
        await pipeline.take(partition, records);
      } catch (error) {
        const cured =
          error instanceof Gap
            ? await mended(partition, error)
            : error instanceof OtherLog && (await cut(partition));
        if (cured) throw new Stale(`${group}/${partition} reads the log again`, { cause: error });
        throw error;
      }
    },
    cut,
  };
}

/** A context's own stored event as something to take: its position is its offset. */
export interface OwnRecord extends Delivered {
  readonly event: Stored;
}

/** Feeds a context's own events, private ones too, to a pipeline. */
export class OwnFeed<E extends Keyed> {
  constructor(
    private readonly context: string,
    private readonly store: EventStore,
    private readonly pipeline: Pipeline<OwnRecord, E>,
    private readonly window: number,
  ) {}

  /** Takes the next page of a partition; resolves to its size, 0 when there is nothing new. */
  async step(partition: number): Promise<number> {
    const after: Position = await this.pipeline.start(partition);
    const events = await this.store.readPage(partition, after, this.window);
    if (events.length === 0) return 0;
    await this.pipeline.take(
      partition,
      events.map((event) => ownRecord(this.context, event)),
    );
    return events.length;
  }
}

export function ownRecord(context: string, event: Stored): OwnRecord {
  const { position, key, type, recordedAt, traceparent } = event;
  const record = { offset: position, context, position, key, type, recordedAt, event };
  return traceparent === undefined ? record : { ...record, traceparent };
}

/** Decoder of `OwnFeed`. */
export function ownEvent<E extends Keyed>(record: OwnRecord): E {
  return record.event as unknown as E;
}

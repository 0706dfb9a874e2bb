import type { Position, Stored } from '../event.js';
import type { EventStore } from '../ports/event-store.js';
import { damagedType } from '../write/commit-body.js';
import type { Delivered } from './delivery.js';
import type { ProcessorGroup } from './processor-group.js';
import type { Keyed } from './projection.js';

/** A context's own stored event as a record. Its position is its offset. */
export interface OwnRecord extends Delivered {
  readonly event: Stored;
}

/** Consumes a context's own events, including private ones, with a group of processors. */
export class OwnEventsConsumer<E extends Keyed> {
  constructor(
    private readonly context: string,
    private readonly store: EventStore,
    private readonly processors: ProcessorGroup<OwnRecord, E>,
    private readonly window: number,
  ) {}

  /** Processes the next page of a partition. Resolves to the number of events; 0 when there is nothing new. */
  async step(partition: number): Promise<number> {
    const after: Position = await this.processors.start(partition);
    const events = await this.store.readPage(partition, after, this.window);
    if (events.length === 0) return 0;
    await this.processors.process(
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

/** Decodes an own record. Throws on a damaged event. */
export function ownEvent<E extends Keyed>(record: OwnRecord): E {
  if (record.type === damagedType) throw new Error('a stored event is damaged');
  return record.event as unknown as E;
}

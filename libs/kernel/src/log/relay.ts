import type { Position } from '../event.js';
import type { EventLog, NewRecord } from '../ports/event-log.js';
import type { EventStore } from '../ports/event-store.js';

/** At most; a store may give less. */
const pageEvents = 2_000;

/**
 * Publishes one context's facts of one partition in their order. The store is the outbox and the lane the only memory:
 * a relay that stops anywhere, or a second one beside it, can only repeat what the log then refuses or drops.
 */
export class Relay {
  /** When the oldest event in hand was recorded; `null`: there is none. */
  pendingSince: string | null = null;

  constructor(
    private readonly context: string,
    private readonly partition: number,
    private readonly store: EventStore,
    private readonly log: Pick<EventLog, 'lane' | 'publish'>,
  ) {}

  /**
   * Publishes the next page; resolves to the number of events it looked at, 0 when there is nothing new or another
   * relay is moving the lane.
   */
  async step(): Promise<number> {
    const { scanned } = await this.log.lane(this.context, this.partition);
    const events = await this.store.readOutbox(this.partition, scanned, pageEvents);
    this.pendingSince = events[0]?.recordedAt ?? null;
    if (events.length === 0) return 0;
    const to: Position = events[events.length - 1]!.position;
    const records: NewRecord[] = [];
    for (const event of events) {
      if (event.fact === null) continue;
      records.push({
        partition: this.partition,
        context: this.context,
        position: event.position,
        key: event.key,
        type: event.fact.type,
        schema: event.fact.schema,
        stream: event.stream,
        id: event.id,
        time: event.time,
        recordedAt: event.recordedAt,
        actor: event.actor,
        ...(event.correlationId === undefined ? {} : { correlationId: event.correlationId }),
        ...(event.causationId === undefined ? {} : { causationId: event.causationId }),
        ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
        body: JSON.stringify(event.fact.data),
      });
    }
    const outcome = await this.log.publish(this.context, this.partition, scanned, to, records);
    if (outcome === 'stale') return 0;
    this.pendingSince = null;
    return events.length;
  }
}

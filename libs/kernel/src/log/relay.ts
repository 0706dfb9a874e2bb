import type { Position } from '../event.js';
import type { EventLog, NewRecord } from '../ports/event-log.js';
import type { EventStore } from '../ports/event-store.js';

/** Events of a page at most. A store may return fewer. */
const pageEvents = 2_000;

/**
 * Publishes the facts of one context and partition in their order. The store is the outbox, and the lane is the only
 * state. A relay that stops at any point, or a second relay beside it, can only publish repetitions, which the log
 * refuses or consumers drop.
 */
export class Relay {
  /** When the oldest event of the current page was recorded. `null` when nothing waits. */
  pendingSince: string | null = null;

  constructor(
    private readonly context: string,
    private readonly partition: number,
    private readonly store: EventStore,
    private readonly log: Pick<EventLog, 'lane' | 'publish'>,
  ) {}

  /**
   * Publishes the next page. Resolves to the number of events in the page; 0 when there is nothing new, or when another
   * relay has moved the lane.
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
      const record: { -readonly [K in keyof NewRecord]: NewRecord[K] } = {
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
        body: JSON.stringify(event.fact.data),
      };
      if (event.correlationId !== undefined) record.correlationId = event.correlationId;
      if (event.causationId !== undefined) record.causationId = event.causationId;
      if (event.traceparent !== undefined) record.traceparent = event.traceparent;
      records.push(record);
    }
    const outcome = await this.log.publish(this.context, this.partition, scanned, to, records);
    if (outcome === 'stale') return 0;
    this.pendingSince = null;
    return events.length;
  }
}

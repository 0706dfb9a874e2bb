import type { AnyEvent, EventStore, Event, Meta, Publish } from '@readership/kernel';
import {
  monthSubject,
  type AccessMonthBegun,
  type PatronAccessed,
} from './accesses/patron-accessed.events.js';
import type { ActTypes } from './acts/audit-trail.projection.js';

/** An operator's action on a running context. It is recorded in the context's store and never published. */
export type ParkedReplayed = Event<
  'ParkedReplayed',
  { model: string; partition: number; key: string; records: number }
>;
export type ParkedDiscarded = Event<
  'ParkedDiscarded',
  { model: string; partition: number; key: string; offset: number; type: string }
>;

/** An operator had positions of a context published again. */
export type FactsRepublished = Event<
  'FactsRepublished',
  { partition: number; after: number; through: number }
>;

/** The acts of operators, and what names what they acted on. */
export const operationActs: ActTypes = {
  ParkedReplayed: ['model', 'partition', 'key', 'records'],
  ParkedDiscarded: ['model', 'partition', 'key', 'offset', 'type'],
  FactsRepublished: ['partition', 'after', 'through'],
};

type Operation = ParkedReplayed | ParkedDiscarded | FactsRepublished;

const category = 'operation-';

/** Records an operation in its own stream, named by its command. */
export async function recordOperation(store: EventStore, event: Operation, meta: Meta): Promise<void> {
  await store.append(`${category}${meta.commandId}`, 0, [event], meta);
}

/** What the operation of the same command did before; `null` when none was recorded. */
export async function earlierOperation<E extends Operation>(
  store: EventStore,
  { commandId }: Meta,
): Promise<E['data'] | null> {
  const [event] = (await store.load(`${category}${commandId}`)).events;
  return event === undefined ? null : (event as unknown as E).data;
}

/** Wraps a context's `publish`, so that the context need not handle operations and records of access. */
export function withHostEvents(publish: Publish<any>): Publish<any> {
  return (event: AnyEvent, stream) => {
    if (isRecordOfAccess(event)) {
      const { type, data } = event;
      return {
        key: stream,
        fact: null,
        ...(type === 'PatronAccessed' ? { subject: monthSubject(data.month) } : {}),
      };
    }
    return stream.startsWith(category) ? { key: stream, fact: null } : publish(event, stream);
  };
}

function isRecordOfAccess(event: AnyEvent): event is PatronAccessed | AccessMonthBegun {
  return event.type === 'PatronAccessed' || event.type === 'AccessMonthBegun';
}
